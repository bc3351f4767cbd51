// Runs the vectors of tests/vectors through the inspector's modules, in a browser. Returns what each case gave.

import * as codes from "/app/codes.js";
import { judge } from "/app/judge.js";
import { instant, openPack, parseKeyring } from "/app/pack.js";
import { useLibrary, verify } from "/app/ed25519.js";

const bytes = (hex) => Uint8Array.from((hex.match(/../g) ?? []).map((pair) => parseInt(pair, 16)));
const base64 = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

function read(given) {
  try {
    if (given.given === "path") return codes.parsePath(given.text);
    if (given.given === "typed") return codes.parseTyped(given.text);
    return codes.parseAddress(given.text, given.hosts, given.test_mode);
  } catch (error) {
    if (error instanceof codes.Malformed) return error;
    throw error;
  }
}

const units = (row) => (row.first_unit === null || row.first_unit === undefined ? [] : [row.first_unit, row.last_unit]);

async function batchOf(entry, masterKeys) {
  return {
    code: entry.code,
    scope: entry.scope,
    bestBefore: entry.best_before,
    issuances: entry.issuances.map((row) => ({
      form: row.form,
      issuedAt: instant(row.issued_at),
      units: units(row),
      claims: row.claims ? bytes(row.claims) : null,
    })),
    revocations: entry.revocations.map(units),
    recalls: entry.recalls.map((row) => ({
      units: units(row),
      startsAt: instant(row.from),
      liftedAt: row.lifted ? instant(row.lifted) : null,
    })),
    suspicions: entry.suspicions.map((row) => (row.unit === null ? [] : [row.unit, row.unit])),
    serialKeys: masterKeys ? await codes.serialKeys(bytes(masterKeys[entry.master_key]), entry.code) : null,
    maskKey: entry.mask_key ? bytes(entry.mask_key) : null,
  };
}

const runners = {
  check_characters: (given) => codes.checkCharacter(given.text),
  codes: (given) => {
    const got = read(given);
    if (got.fault) return { fault: got.fault };
    const { form, scope, batchCode, serial, gtin, lot } = got;
    return { form, scope, batch_code: batchCode, serial, gtin, lot, canonical_path: codes.canonicalPath(got) };
  },
  serials: async (given) => {
    const keys = await codes.serialKeys(bytes(given.master_key), given.batch);
    return [await codes.makeSerial(keys, given.unit), await codes.unitOfSerial(keys, given.serial)];
  },
  not_serials: async (given) => codes.unitOfSerial(await codes.serialKeys(bytes(given.master_key), given.batch), given.serial),
  claims: async (given) => {
    const got = codes.parseAddress(given.qr_text, [given.host]);
    const claims = codes.parseClaims(got.claimsBytes);
    const message = codes.signedMessage(given.host, got.claimsBytes);
    const publicKey = base64(given.public_key.replaceAll("-", "+").replaceAll("_", "/") + "=");
    const wrong = message.slice();
    wrong[5] ^= 1;
    return {
      bytes: codes.hexOf(got.claimsBytes),
      text: codes.claimsText(got.claimsBytes),
      signed_over: new TextDecoder().decode(message),
      signature: codes.hexOf(got.signature),
      claims,
      verifies: [await verify(publicKey, got.signature, message), await verify(publicKey, got.signature, wrong)],
    };
  },
  verdicts: async (given) => {
    const got = read(given);
    const source = given.register ?? given.pack;
    const entry = got.fault
      ? null
      : source.batches.find((row) => row.code === got.batchCode || (got.lot && row.gtin === got.gtin && row.lot === got.lot));
    const keyring = parseKeyring(JSON.stringify({ sequence: 1, hosts: given.hosts, keys: source.keys }));
    const known = { keyring, batch: entry ? await batchOf(entry, source.master_keys) : null };
    if (given.pack) Object.assign(known, { issuedAt: instant(source.issued_at), latestSeen: instant(source.latest_seen) });
    const { verdict, reasons, unit } = await judge(got, known, instant(given.now));
    return { verdict, reasons, unit };
  },
  packs: async (given) => {
    const lines = given.held.lines ? new Map(Object.entries(given.held.lines)) : null;
    const held = { number: given.held.number, lines, keySequence: given.held.key_sequence };
    try {
      const opened = await openPack(base64(given.content), bytes(given.root), held, instant(given.now));
      return { lines: Object.fromEntries(opened.lines), number: opened.header.number };
    } catch (error) {
      if (error.fault) return { fault: error.fault };
      throw error;
    }
  },
};

window.run = async (kind, cases, withoutEd25519) => {
  useLibrary(withoutEd25519);
  const got = [];
  for (const given of cases) got.push(await runners[kind](given));
  return got;
};
window.isReady = true;
