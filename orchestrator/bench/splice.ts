// What setting `meta` of an answer costs, beside parsing and writing all of it. Usage: node orchestrator/bench/splice.ts
import { seldon } from "#proto/gen/seldon.js";
import { locateMember, readMember, setMember } from "../src/meta/json-member.ts";
import { joinMeta, splitMeta } from "../src/meta/message-meta.ts";

const META = { tags: { model: "iris", version: 3 }, requestPath: { iris: "models/iris:3" } };
const NEW = { ...META, puid: "0f6b5c0e-8a7a-4b1e-9a4e-3f6f4b0f4a11", routing: { router: 1 } };

/** Bytes of JSON to aim at, and rounds per measurement. */
const SIZES = [
  [1_000, 20_000],
  [10_000, 4000],
  [188_000, 200],
] as const;

interface Variant {
  readonly name: string;
  readonly run: () => number;
}

function variantsOf(bytes: number): readonly Variant[] {
  const values = Array.from({ length: Math.floor(bytes / 18.8) }, (_, i) => Math.sin(i + 1));
  const data = { names: ["a"], ndarray: [values] };
  const first = Buffer.from(JSON.stringify({ meta: META, data }));
  const last = Buffer.from(JSON.stringify({ data, meta: META }));
  const absent = Buffer.from(JSON.stringify({ data }));
  const fresh = Buffer.from(JSON.stringify(NEW));
  const splice = (body: Buffer) => () => {
    const place = locateMember(body, "meta");
    if (place === undefined) return 0;
    readMember(body, place);
    return Buffer.concat(setMember(body, place, fresh)).length;
  };
  const chunks = (body: Buffer) => () => {
    const place = locateMember(body, "meta");
    if (place === undefined) return 0;
    readMember(body, place);
    return setMember(body, place, fresh).length;
  };
  const parse = (body: Buffer) => () =>
    Buffer.from(JSON.stringify({ ...(JSON.parse(body.toString("utf8")) as object), meta: NEW })).length;
  const { SeldonMessage, Meta } = seldon.protos;
  const tensor = { shape: [1, values.length], values };
  const message = Buffer.from(SeldonMessage.encode({ meta: { puid: "x" }, data: { tensor } }).finish());
  const meta = Buffer.from(Meta.encode({ puid: NEW.puid }).finish());
  return [
    { name: "JSON: splice, meta first", run: splice(first) },
    { name: "JSON: splice, meta last", run: splice(last) },
    { name: "JSON: splice, no meta", run: splice(absent) },
    { name: "JSON: splice, meta last, chunks", run: chunks(last) },
    { name: "JSON: parse and stringify", run: parse(last) },
    { name: "protobuf: lazy walk", run: () => Buffer.concat(joinMeta([meta], splitMeta(message))).length },
    {
      name: "protobuf: decode and encode",
      run: () => {
        const decoded = SeldonMessage.decode(message);
        decoded.meta = Meta.create({ puid: NEW.puid });
        return SeldonMessage.encode(decoded).finish().length;
      },
    },
  ];
}

function microsPerRun({ run }: Variant, rounds: number): number {
  const before = process.cpuUsage();
  let sum = 0;
  for (let i = 0; i < rounds; i += 1) sum += run();
  const { user, system } = process.cpuUsage(before);
  if (sum === 0) throw new Error("nothing was spliced");
  return (user + system) / rounds;
}

console.log("µs of CPU, median of 5 alternating rounds");
for (const [bytes, rounds] of SIZES) {
  const variants = variantsOf(bytes);
  const times = variants.map((): number[] => []);
  for (const one of variants) microsPerRun(one, Math.ceil(rounds / 4));
  for (let pass = 0; pass < 5; pass += 1) {
    for (const [i, one] of variants.entries()) times[i]?.push(microsPerRun(one, rounds));
  }
  console.log(`\n${bytes / 1000} kB`);
  for (const [i, { name }] of variants.entries()) {
    const sorted = (times[i] ?? []).toSorted((a, b) => a - b);
    console.log(`  ${name.padEnd(34)} ${(sorted[2] ?? 0).toFixed(2).padStart(9)}`);
  }
}
