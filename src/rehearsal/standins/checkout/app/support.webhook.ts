import { createHmac, timingSafeEqual } from "node:crypto";

/** True when the signature is the hex HMAC-SHA256 of the raw body. */
export function isSigned(
  body: string,
  signature: string | null,
  secret: string,
): boolean {
  const expected = Buffer.from(
    createHmac("sha256", secret).update(body).digest("hex"),
  );
  const given = Buffer.from(signature ?? "");
  return expected.length === given.length && timingSafeEqual(expected, given);
}

/** True for answers of the Agent SDK that another attempt may mend. */
export function isRetryable(status: number): boolean {
  return status === 429 || status >= 500;
}

/** Milliseconds before the attempt with this number, which counts from 1. */
export function delayBefore(attempt: number, base = 200, factor = 2): number {
  return attempt <= 1 ? 0 : base * factor ** (attempt - 2);
}
