import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { delayBefore, isRetryable, isSigned } from "../../app/support.webhook";

const secret = "a secret of the rehearsal";
const body = '{"event":"message_created","id":1}';
const sign = (text: string, key: string) =>
  createHmac("sha256", key).update(text).digest("hex");

describe("support webhook", () => {
  it("accepts a signed body", () => {
    expect(isSigned(body, sign(body, secret), secret)).toBe(true);
  });

  it.each([
    ["no signature", null],
    ["an empty signature", ""],
    ["another secret's signature", sign(body, "another secret")],
    ["another body's signature", sign(`${body} `, secret)],
    ["a prefixed signature", `sha256=${sign(body, secret)}`],
  ])("refuses %s", (_, signature) => {
    expect(isSigned(body, signature, secret)).toBe(false);
  });

  it.each([429, 500, 502, 503])("retries after %i", (status) => {
    expect(isRetryable(status)).toBe(true);
  });

  it.each([200, 202, 400, 401, 404])("does not retry after %i", (status) => {
    expect(isRetryable(status)).toBe(false);
  });

  it.each([
    [1, 0],
    [2, 200],
    [3, 400],
  ])("waits before attempt %i for %i ms", (attempt, delay) => {
    expect(delayBefore(attempt)).toBe(delay);
  });
});
