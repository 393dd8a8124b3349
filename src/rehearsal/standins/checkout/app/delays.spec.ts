import { expect, it } from "vitest";
import { delayBefore } from "../../app/support.webhook";

it("waits longer when the base is longer", () => {
  expect(delayBefore(2, 1000)).toBe(1000);
});

it("grows by the factor", () => {
  expect(delayBefore(4, 200, 3)).toBe(1800);
});
