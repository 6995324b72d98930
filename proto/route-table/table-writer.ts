import * as at from "../vocabulary/table-layout.ts";
import { GRANT_CODES, ON_CODES, STICKY_CODES, TEST_CODES } from "./codes.ts";
import { hashText, lastDrawOf } from "./hashes.ts";
import type {
  TableCondition,
  TableDeployment,
  TableGrant,
  TablePredictor,
  TableRule,
  TableShadow,
  TableStickyKey,
} from "./model.ts";
import { PartTexts, type NumberedTexts } from "./part-texts.ts";
import { RecordArea } from "./record-area.ts";
import * as kinds from "./record-kinds.ts";
import { seedsOfPredictor, seedsOfRule, seedsOfShadow } from "./seeds.ts";

function byName<T extends { readonly name: string }>(list: readonly T[]): readonly T[] {
  if (list.length < 2) return list;
  return [...list].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** Some deployments as records, before they have a place in a table. */
export interface TablePart {
  /** Hashes of their keys. */
  readonly hashes: readonly number[];
  /**
   * Records by their kind (RECORD_KINDS). In the place of a text's offset stands the number of the text, and indexes of other
   * records count from the part's own first one.
   */
  readonly records: readonly Uint8Array[];
  readonly texts: NumberedTexts;
}

/** Writes deployments, in this order, as a part of tables. */
export function writePart(deployments: readonly TableDeployment[]): TablePart {
  const writer = new PartWriter();
  const hashes = deployments.map(({ key }) => hashText(key));
  deployments.forEach((one, index) => {
    writer.writeDeployment(one, hashes[index] ?? 0);
  });
  return { hashes, ...writer.finish() };
}

class PartWriter {
  readonly #texts = new PartTexts();
  readonly #deployments = new RecordArea(at.DEPLOYMENT_BYTES);
  readonly #targets = new RecordArea(at.TARGET_BYTES);
  readonly #rules = new RecordArea(at.RULE_BYTES);
  readonly #conditions = new RecordArea(at.CONDITION_BYTES);
  readonly #shadows = new RecordArea(at.SHADOW_BYTES);
  readonly #stickyKeys = new RecordArea(at.STICKY_KEY_BYTES);
  readonly #grants = new RecordArea(at.GRANT_BYTES);

  /** Nothing may be written afterwards. */
  finish(): Pick<TablePart, "records" | "texts"> {
    const areas = {
      [kinds.DEPLOYMENTS]: this.#deployments,
      [kinds.TARGETS]: this.#targets,
      [kinds.RULES]: this.#rules,
      [kinds.CONDITIONS]: this.#conditions,
      [kinds.SHADOWS]: this.#shadows,
      [kinds.STICKY_KEYS]: this.#stickyKeys,
      [kinds.GRANTS]: this.#grants,
    };
    return { records: kinds.inOrder(areas).map((area) => area.copyBytes()), texts: this.#texts.finish() };
  }

  writeDeployment(deployment: TableDeployment, hash: number): void {
    const { key, permits, predictors, rules, shadows, stickyKeys } = deployment;
    const record = this.#deployments;
    record.next();
    this.#texts.nextOwner();
    this.#ownText(record, at.DEPLOYMENT_KEY, at.DEPLOYMENT_KEY_LENGTH, key);
    record.u8(at.DEPLOYMENT_FORCE_GRANTS, permits.force.length);
    record.u8(at.DEPLOYMENT_EXPLAIN_GRANTS, permits.explain.length);
    record.u32(at.DEPLOYMENT_HASH, hash);
    record.u32(at.DEPLOYMENT_FIRST_TARGET, this.#targets.count);
    record.u16(at.DEPLOYMENT_PREDICTORS, predictors.length);
    record.u16(at.DEPLOYMENT_RULES, rules.length);
    record.u32(at.DEPLOYMENT_FIRST_RULE, this.#rules.count);
    record.u32(at.DEPLOYMENT_FIRST_SHADOW, this.#shadows.count);
    record.u16(at.DEPLOYMENT_SHADOWS, shadows.length);
    record.u8(at.DEPLOYMENT_STICKY_KEYS, stickyKeys.length);
    record.u32(at.DEPLOYMENT_FIRST_STICKY_KEY, this.#stickyKeys.count);
    record.u32(at.DEPLOYMENT_FIRST_GRANT, this.#grants.count);
    record.u32(at.DEPLOYMENT_DEFAULT_TIMEOUT_MS, deployment.defaultTimeoutMs ?? 0);
    record.u32(at.DEPLOYMENT_MAX_TIMEOUT_MS, deployment.maxTimeoutMs ?? 0);
    const salt = deployment.salt ?? key;
    this.#writeSplit(salt, predictors);
    for (const rule of rules) this.#writeRule(key, salt, rule);
    for (const shadow of byName(shadows)) this.#writeShadow(key, shadow);
    for (const stickyKey of stickyKeys) this.#writeStickyKey(stickyKey);
    for (const grant of [...permits.force, ...permits.explain]) this.#writeGrant(grant);
  }

  #text(record: RecordArea, offsetField: number, lengthField: number, text: string): void {
    record.u32(offsetField, this.#texts.add(text));
    record.u16(lengthField, text.length);
  }

  /** A text that no other deployment has. */
  #ownText(record: RecordArea, offsetField: number, lengthField: number, text: string): void {
    record.u32(offsetField, this.#texts.addOwn(text));
    record.u16(lengthField, text.length);
  }

  #writeSplit(salt: string, predictors: readonly TablePredictor[]): void {
    const record = this.#targets;
    for (const predictor of byName(predictors)) {
      const { name, weight, httpCluster, grpcCluster } = predictor;
      const seeds = seedsOfPredictor(predictor, salt);
      record.next();
      this.#text(record, at.TARGET_NAME, at.TARGET_NAME_LENGTH, name);
      record.u32(at.TARGET_WEIGHT, weight);
      record.u32(at.TARGET_SEED_A, seeds.a);
      record.u32(at.TARGET_SEED_B, seeds.b);
      this.#ownText(record, at.TARGET_HTTP, at.TARGET_HTTP_LENGTH, httpCluster);
      this.#ownText(record, at.TARGET_GRPC, at.TARGET_GRPC_LENGTH, grpcCluster);
    }
  }

  #writeRule(key: string, salt: string, rule: TableRule): void {
    const record = this.#rules;
    const seeds = seedsOfRule(rule, key);
    record.next();
    this.#text(record, at.RULE_NAME, at.RULE_NAME_LENGTH, rule.name);
    record.u16(at.RULE_CONDITIONS, rule.conditions.length);
    record.u32(at.RULE_FIRST_CONDITION, this.#conditions.count);
    record.u32(at.RULE_LAST_DRAW, lastDrawOf(rule.percent));
    record.u32(at.RULE_SEED_A, seeds.a);
    record.u32(at.RULE_SEED_B, seeds.b);
    record.u32(at.RULE_FIRST_TARGET, this.#targets.count);
    record.u16(at.RULE_PREDICTORS, rule.predictors.length);
    for (const condition of rule.conditions) this.#writeCondition(condition);
    this.#writeSplit(salt, rule.predictors);
  }

  #writeShadow(key: string, shadow: TableShadow): void {
    const record = this.#shadows;
    const seeds = seedsOfShadow(shadow, key);
    record.next();
    this.#text(record, at.TARGET_NAME, at.TARGET_NAME_LENGTH, shadow.name);
    record.u32(at.SHADOW_LAST_DRAW, lastDrawOf(shadow.percent));
    record.u32(at.TARGET_SEED_A, seeds.a);
    record.u32(at.TARGET_SEED_B, seeds.b);
    this.#ownText(record, at.TARGET_HTTP, at.TARGET_HTTP_LENGTH, shadow.httpCluster);
    this.#ownText(record, at.TARGET_GRPC, at.TARGET_GRPC_LENGTH, shadow.grpcCluster);
    record.u16(at.SHADOW_CONDITIONS, shadow.conditions.length);
    record.u32(at.SHADOW_FIRST_CONDITION, this.#conditions.count);
    record.u16(at.SHADOW_BESIDE, shadow.beside.length);
    record.u32(at.SHADOW_MAX_BODY_BYTES, shadow.maxBodyBytes ?? at.NO_BODY_LIMIT);
    for (const condition of shadow.conditions) this.#writeCondition(condition);
    for (const name of shadow.beside) this.#writeTest(at.ON_PREDICTOR, at.TEST_EXACT, "", name);
  }

  #writeCondition(condition: TableCondition): void {
    const on = ON_CODES[condition.on];
    if (condition.on === "transport") {
      this.#writeTest(on, at.TEST_EXACT, "", condition.transport);
      return;
    }
    const name = "name" in condition ? condition.name : "";
    const text = "text" in condition.test ? condition.test.text : "";
    this.#writeTest(on, TEST_CODES[condition.test.kind], name, text);
  }

  #writeTest(on: number, test: number, name: string, text: string): void {
    const record = this.#conditions;
    record.next();
    record.u8(at.CONDITION_ON, on);
    record.u8(at.CONDITION_TEST, test);
    this.#text(record, at.CONDITION_NAME, at.CONDITION_NAME_LENGTH, name);
    this.#text(record, at.CONDITION_TEXT, at.CONDITION_TEXT_LENGTH, text);
  }

  #writeStickyKey(key: TableStickyKey): void {
    const issue = key.kind === "cookie" ? key.issue : undefined;
    const record = this.#stickyKeys;
    record.next();
    record.u8(at.STICKY_KEY_KIND, STICKY_CODES[key.kind]);
    record.u8(at.STICKY_KEY_ISSUE, issue === undefined ? 0 : 1);
    this.#text(record, at.STICKY_KEY_NAME, at.STICKY_KEY_NAME_LENGTH, key.name);
    this.#text(record, at.STICKY_KEY_ATTRIBUTES, at.STICKY_KEY_ATTRIBUTES_LENGTH, issue?.attributes ?? "");
  }

  #writeGrant(grant: TableGrant): void {
    const record = this.#grants;
    const name = grant.kind === "claim" ? grant.header : "";
    const text =
      grant.kind === "claim"
        ? grant.value
        : grant.kind === "secret"
          ? Buffer.from(grant.sha256, "hex").toString("latin1")
          : "";
    record.next();
    record.u8(at.GRANT_KIND, GRANT_CODES[grant.kind]);
    this.#text(record, at.GRANT_NAME, at.GRANT_NAME_LENGTH, name);
    this.#text(record, at.GRANT_TEXT, at.GRANT_TEXT_LENGTH, text);
  }
}
