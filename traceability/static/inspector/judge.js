// The verdict on a stamp: what traceability/domain/verdict.py does on the server, under the same vectors.

import { signedMessage, unitOfSerial, unmaskUnit, withoutSerial } from "./codes.js";
import { verify } from "./ed25519.js";

export const OLDEST_PACK = 7 * 86_400_000;
// In order of precedence: the first that applies is said.
export const VERDICTS = ["MALFORMED", "UNKNOWN", "REVOKED", "RECALLED", "UNDETERMINED", "SUSPECT", "EXPIRED", "ISSUED"];
const SAYS = { revoked: "REVOKED", recalled: "RECALLED", suspected: "SUSPECT", past_best_before: "EXPIRED" };

// `unverified` is what codes.js read, or its Malformed. `known` has `keyring` ({hosts, keys}) and `batch` (or null), and of a
// pack `issuedAt` and `latestSeen`, in milliseconds. `now` too.
export async function judge(unverified, known, now) {
  const isPack = known.issuedAt !== undefined;
  if (unverified.fault) {
    if (unverified.fault === "layout" && isPack) return judgement("UNDETERMINED", ["layout_unknown", ...ageOf(known, now)]);
    return judgement("MALFORMED", [unverified.fault]);
  }
  if (unverified.form === "gs1_product") return judgement("MALFORMED", ["no_lot"]);
  return isPack ? judgeOffLine(unverified, known, now) : judgeOnLine(unverified, known, now);
}

function judgement(verdict, reasons = [], unit = null) {
  return { verdict, reasons: [...new Set(reasons)].sort(), unit };
}

// -------------------------------------------------------------------------------------------------- with the register

async function judgeOnLine(read, known, now) {
  let faults = await signatureFaults(read, known.keyring);
  const batch = known.batch;
  if (!batch) {
    if (!faults.length) faults = read.form === "signed" ? ["no_such_batch", "claims_never_issued"] : ["no_such_batch"];
    return judgement("UNKNOWN", faults);
  }
  let unit = null;
  if (!faults.length) [faults, unit] = await identityFaults(read, batch, known.keyring);
  if (faults.length) {
    const wholeBatch = batch.recalls.some((recall) => inForce(recall, now) && !recall.units.length);
    return judgement("UNKNOWN", wholeBatch ? [...faults, "recalled"] : faults);
  }
  const reasons = stateReasons(batch, unit, now);
  return judgement(firstVerdict(reasons), reasons, unit);
}

async function signatureFaults(read, keyring) {
  if (!read.claimsBytes) return [];
  const key = stampKey(keyring, read.claimsBytes[1]);
  if (!key) return ["key_unknown"];
  for (const host of read.host ? [read.host] : keyring.hosts) {
    if (await verify(key.x, read.signature, signedMessage(host, read.claimsBytes))) return [];
  }
  return ["bad_signature"];
}

async function identityFaults(read, batch, keyring) {
  const stored = read.claimsBytes ? withoutSerial(read.claimsBytes) : null;
  if (stored && batch.issuances.every((issuance) => !same(issuance.claims, stored))) return [["claims_never_issued"], null];
  if (!batch.issuances.length) return [["nothing_issued"], null];
  if (read.scope !== batch.scope) return [["scope_not_issued"], null];
  let unit = null;
  if (read.serial !== null) {
    unit = await unitOfSerial(batch.serialKeys, read.serial);
    if (unit === null) return [["serial_does_not_verify"], null];
  }
  const holding = batch.issuances.filter((issuance) => cover(issuance.units, unit));
  if (!holding.length) return [["unit_not_issued"], null];
  const fault = formFault(read, holding, stored, "claims_never_issued") || keyFault(holding, stored, keyring);
  return fault ? [[fault], null] : [[], unit];
}

function formFault(read, holding, stored, absent) {
  if (read.form === "house") return null;
  if (holding.every((issuance) => issuance.form !== read.form)) return "form_not_issued";
  return stored && holding.every((issuance) => !same(issuance.claims, stored)) ? absent : null;
}

function keyFault(holding, stored, keyring) {
  if (!stored) return null;
  const key = stampKey(keyring, stored[1]);
  const issued = holding.filter((issuance) => same(issuance.claims, stored)).map((issuance) => issuance.issuedAt);
  if (issued.some((at) => allowsIssuanceAt(key, at))) return null;
  return key.revokedAt !== null && issued.some((at) => at >= key.revokedAt) ? "key_revoked" : "key_not_valid";
}

function stateReasons(batch, unit, now) {
  const reasons = [];
  if (batch.revocations.some((units) => cover(units, unit))) reasons.push("revoked");
  if (batch.recalls.some((recall) => cover(recall.units, unit) && inForce(recall, now))) reasons.push("recalled");
  if (batch.suspicions.some((units) => cover(units, unit))) reasons.push("suspected");
  if (batch.bestBefore !== null && dayInVietnam(now) > batch.bestBefore) reasons.push("past_best_before");
  return reasons;
}

// --------------------------------------------------------------------------------------------------- without a network

async function judgeOffLine(read, known, now) {
  const age = ageOf(known, now);
  const batch = known.batch;
  const unit = await claimedUnit(read, batch);
  const fault = await offLineFault(read, known);
  const reasons = new Set(age);
  if (fault) reasons.add(fault);
  if (batch) {
    // A clock that is behind must not make a recall that is listed lie ahead.
    for (const reason of stateReasons(batch, unit, Math.max(now, known.issuedAt, known.latestSeen))) {
      // What is listed against the goods counts for whoever holds them; the rest only for a stamp that is identified.
      if (!fault || reason === "revoked" || reason === "recalled") reasons.add(reason);
    }
  }
  return judgement(firstVerdict([...reasons], !age.length), [...reasons], unit);
}

export function ageOf(pack, now) {
  const reasons = now - pack.issuedAt > OLDEST_PACK ? ["pack_too_old"] : [];
  return now < pack.issuedAt || now < pack.latestSeen ? [...reasons, "clock_behind"] : reasons;
}

async function claimedUnit(read, batch) {
  if (!batch || !batch.maskKey || batch.scope !== "unit" || read.serial === null) return null;
  return unmaskUnit(batch.code, batch.maskKey, read.serial);
}

async function offLineFault(read, known) {
  const faults = await signatureFaults(read, known.keyring);
  if (faults.length) return faults[0];
  const batch = known.batch;
  if (!batch) return "batch_not_in_pack";
  if (!batch.issuances.length) return "nothing_issued";
  if (read.scope !== batch.scope) return "scope_not_issued";
  if (read.scope === "unit" && read.form !== "signed") return "unit_without_signature";
  const stored = read.claimsBytes ? withoutSerial(read.claimsBytes) : null;
  const fault = formFault(read, batch.issuances, stored, "claims_not_in_pack");
  if (fault || !stored) return fault;
  // Without the serial keys an invented serial cannot be told from a good one once the key is out.
  if (stampKey(known.keyring, stored[1]).revokedAt !== null && read.scope === "unit") return "key_revoked";
  return keyFault(batch.issuances, stored, known.keyring);
}

function firstVerdict(reasons, badSignatureIsCertain = false) {
  const said = new Set(reasons.map((reason) => SAYS[reason] ?? "UNDETERMINED"));
  if (badSignatureIsCertain && reasons.includes("bad_signature")) said.add("UNKNOWN");
  return VERDICTS.find((verdict) => said.has(verdict)) ?? "ISSUED";
}

// --------------------------------------------------------------------------------------------------------------- parts

function stampKey(keyring, kid) {
  return keyring.keys.find((key) => key.kid === kid && key.use === "stamp") ?? null;
}

export function allowsIssuanceAt(key, at) {
  return key.notBefore <= at && at <= key.notAfter && (key.revokedAt === null || at < key.revokedAt);
}

function cover(units, unit) {
  return !units.length || (unit !== null && units[0] <= unit && unit <= units[1]);
}

function inForce(recall, now) {
  return recall.startsAt <= now && (recall.liftedAt === null || now < recall.liftedAt);
}

export function dayInVietnam(now) {
  return new Date(now + 7 * 3_600_000).toISOString().slice(0, 10);
}

function same(one, other) {
  return one !== null && one.length === other.length && one.every((byte, place) => byte === other[place]);
}
