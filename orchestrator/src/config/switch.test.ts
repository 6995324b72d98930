import assert from "node:assert/strict";
import { it } from "node:test";
import { isSwitchedOn } from "./switch.ts";

it("a variable is on for true, on, 1 and yes in any letter case, and for nothing else", () => {
  for (const on of ["true", "TRUE", "True", "on", "ON", "1", "yes", "Yes", " true "]) assert.ok(isSwitchedOn(on), on);
  for (const off of [undefined, "", "false", "off", "0", "no", "2", "truee", "t", "y", "enabled"]) {
    assert.ok(!isSwitchedOn(off), off);
  }
});
