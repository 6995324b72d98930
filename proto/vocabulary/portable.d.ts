// The integer types of AssemblyScript, for tsc; asc has its own. Files of this folder are compiled by both.
type i32 = number;
type u32 = number;
type bool = boolean;
