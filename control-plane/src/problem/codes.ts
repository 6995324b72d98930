import { READING_CODES } from "./reading-codes.ts";
import { RESOURCE_CODES } from "./resource-codes.ts";
import { SERVING_CODES } from "./serving-codes.ts";

/** Every code a problem can carry. docs/problems.md is generated from this table. */
export const PROBLEM_CODES = { ...READING_CODES, ...RESOURCE_CODES, ...SERVING_CODES };

/** A code of the table. */
export type ProblemCode = keyof typeof PROBLEM_CODES;
