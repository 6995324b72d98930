// The integer types of AssemblyScript, for tsc; asc has its own. Files of this folder are compiled by both.
type i32 = number;
type u32 = number;
/** For tsc exact below 2^53 only: what is typed so must stay below. */
type u64 = number;
type bool = boolean;
