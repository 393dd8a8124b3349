import { expect, it } from "vitest";
import { isRetryable } from "../../app/support.webhook";

it.each([200, 299, 301, 399, 428, 499])("leaves %i alone", (status) => {
  expect(isRetryable(status)).toBe(false);
});

it.each([429, 500, 599])("asks again after %i", (status) => {
  expect(isRetryable(status)).toBe(true);
});
