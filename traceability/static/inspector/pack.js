// Trust packs: what traceability/domain/trust_pack.py opens, in the same order and with the same faults (docs/trust-pack.md).

import { hexOf } from "./codes.js";
import { verify } from "./ed25519.js";
import { allowsIssuanceAt } from "./judge.js";

const FORM = new TextEncoder().encode("traceability pack 1\n");
const LARGEST_HEADER = 256 * 1024;
const LARGEST_BODY = 16 << 20;
const LARGEST_STATE = 96 << 20;
const CLOCKS_DIFFER = 5 * 60_000;
const LINE_END = 10;
const utf8 = new TextEncoder();
const strict = () => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export class PackError extends Error {
  constructor(fault) {
    super(fault);
    this.fault = fault;
  }
}

// Checks a pack and returns {header, keyring, lines}. `held` is what is there already: {number, lines (a Map or null),
// keySequence}. Throws PackError: then what was there before stays good.
export async function openPack(content, rootKey, held, now) {
  const [signed, signature, body] = split(content);
  const header = readHeader(signed);
  const keyring = await readKeyring(header, rootKey, held);
  await checkSignature(header, keyring, signed, signature);
  if (header.number < held.number) throw new PackError("number_older");
  if (header.issuedAt > now + CLOCKS_DIFFER) throw new PackError("issued_ahead");
  if (body.length !== header.size || (await sha256(body)) !== header.sha256) {
    throw new PackError(body.length < header.size ? "cut_off" : "body");
  }
  let lines = await readLines(body);
  if (header.base !== null) {
    if (held.lines === null || header.base !== held.number) throw new PackError("base_missing");
    lines = apply(held.lines, lines);
  }
  if (lines.size !== header.entries || (await digestLines(lines)) !== header.state) throw new PackError("state_differs");
  return { header, keyring, lines };
}

export async function digestLines(lines) {
  const codes = [...lines.keys()].sort(byCodePoint);
  return sha256(utf8.encode(codes.map((code) => lines.get(code) + "\n").join("")));
}

function split(content) {
  if (!startsWith(content, FORM)) throw new PackError(startsWith(FORM, content) ? "cut_off" : "not_a_pack");
  const end = indexOf(content, FORM.length, FORM.length + LARGEST_HEADER);
  const signatureEnd = end < 0 ? -1 : indexOf(content, end + 1, end + 200);
  if (signatureEnd < 0) throw new PackError(content.length < FORM.length + LARGEST_HEADER ? "cut_off" : "header");
  const signature = fromBase64(latin(content.subarray(end + 1, signatureEnd)), "bad_signature");
  return [content.subarray(0, end + 1), signature, content.subarray(signatureEnd + 1)];
}

function indexOf(content, start, end) {
  const place = content.subarray(start, end).indexOf(LINE_END);
  return place < 0 ? -1 : start + place;
}

function startsWith(content, beginning) {
  return content.length >= beginning.length && beginning.every((byte, place) => byte === content[place]);
}

function readHeader(signed) {
  let read;
  try {
    read = JSON.parse(strict().decode(signed.subarray(FORM.length)));
  } catch {
    throw new PackError("header");
  }
  if (read === null || typeof read !== "object") throw new PackError("header");
  const { number, base, kid, size, entries } = read;
  const texts = [read.area, read.key_file, read.key_file_signature, read.sha256, read.state];
  const numbers = [number, kid, size, entries];
  if (!texts.every((text) => typeof text === "string") || !numbers.every(Number.isInteger)) throw new PackError("header");
  const baseIsGood = base === null || (Number.isInteger(base) && base > 0 && base <= number);
  if (number < 1 || size > LARGEST_BODY || !baseIsGood) throw new PackError("header");
  const issuedAt = instant(read.issued_at);
  if (issuedAt === null) throw new PackError("header");
  return { ...read, base, issuedAt };
}

async function readKeyring(header, rootKey, held) {
  const content = utf8.encode(header.key_file);
  const signature = fromBase64(header.key_file_signature.trim(), "key_file_signature");
  if (!(await verify(rootKey, signature, content))) throw new PackError("key_file_signature");
  const keyring = parseKeyring(header.key_file);
  if (keyring === null) throw new PackError("key_file");
  if (keyring.sequence < held.keySequence) throw new PackError("key_file_older");
  return keyring;
}

// The keyring of a key file, or null where it is none of ours.
export function parseKeyring(text) {
  let read;
  try {
    read = JSON.parse(text);
  } catch {
    return null;
  }
  if (read === null || typeof read !== "object" || !Number.isInteger(read.sequence) || read.sequence < 0) return null;
  if (!Array.isArray(read.hosts) || !Array.isArray(read.keys)) return null;
  if (!read.hosts.every((host) => typeof host === "string" && /^[A-Z0-9](?:[A-Z0-9.-]*[A-Z0-9])?$/.test(host))) return null;
  const keys = read.keys.map(parseKey);
  const inOrder = keys.every((key, place) => key !== null && (place === 0 || keys[place - 1].kid < key.kid));
  return inOrder ? { sequence: read.sequence, hosts: read.hosts, keys } : null;
}

function parseKey(entry) {
  if (entry === null || typeof entry !== "object" || !Number.isInteger(entry.kid) || entry.kid < 1 || entry.kid > 255) return null;
  if (!["stamp", "pack"].includes(entry.use) || entry.alg !== "Ed25519" || entry.revoked_at === undefined) return null;
  const notBefore = instant(entry.not_before);
  const notAfter = instant(entry.not_after);
  const revokedAt = entry.revoked_at === null ? null : instant(entry.revoked_at);
  if (notBefore === null || notAfter === null || (entry.revoked_at !== null && revokedAt === null)) return null;
  let x;
  try {
    x = fromBase64(String(entry.x) + "=".repeat((4 - (String(entry.x).length % 4)) % 4), "key_file", false);
  } catch {
    return null;
  }
  return x.length === 32 ? { kid: entry.kid, use: entry.use, x, notBefore, notAfter, revokedAt } : null;
}

async function checkSignature(header, keyring, signed, signature) {
  const key = keyring.keys.find((one) => one.kid === header.kid && one.use === "pack");
  if (!key) throw new PackError("pack_key_unknown");
  // Whoever has a revoked key can put any date on what it signs: it counts for nothing, whatever the date.
  if (key.revokedAt !== null || !allowsIssuanceAt(key, header.issuedAt)) throw new PackError("pack_key_revoked");
  if (!(await verify(key.x, signature, signed))) throw new PackError("bad_signature");
}

async function readLines(body) {
  let text;
  try {
    text = strict().decode(await unpack(body));
  } catch (error) {
    throw error instanceof PackError ? error : new PackError("body");
  }
  const lines = text.split("\n");
  if (lines.pop() !== "") throw new PackError("body");
  const found = new Map();
  let last = null;
  for (const line of lines) {
    let code;
    try {
      code = JSON.parse(line).code;
    } catch {
      throw new PackError("body");
    }
    if (typeof code !== "string" || (last !== null && byCodePoint(last, code) >= 0)) throw new PackError("body");
    found.set(code, line);
    last = code;
  }
  return found;
}

async function unpack(body) {
  const reader = new Blob([body]).stream().pipeThrough(new DecompressionStream("gzip")).getReader();
  const parts = [];
  let length = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    length += part.value.length;
    if (length > LARGEST_STATE) throw new PackError("body");
    parts.push(part.value);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

function apply(old, changes) {
  const lines = new Map(old);
  for (const [code, line] of changes) {
    if (JSON.parse(line).gone) lines.delete(code);
    else lines.set(code, line);
  }
  return lines;
}

// ---------------------------------------------------------------------------------------------------------------- entries

// The batch of a pack's line, as judge.js takes it.
export function parseEntry(line) {
  const entry = JSON.parse(line);
  return {
    code: entry.code,
    scope: entry.scope ?? null,
    bestBefore: entry.best_before ?? null,
    issuances: (entry.issued ?? []).map(([form, at, claims]) => ({
      form,
      issuedAt: instant(at),
      units: [],
      claims: claims ? fromBase64(claims, "body", false) : null,
    })),
    revocations: entry.revoked ?? [],
    recalls: (entry.recalls ?? []).map((recall) => ({ units: recall.units, startsAt: instant(recall.from), liftedAt: null })),
    suspicions: entry.suspected ?? [],
    maskKey: entry.mask ? fromBase64(entry.mask, "body", false) : null,
  };
}

// The line of what a stamp's text names, or null.
export function lineOf(read, lines) {
  if (read.fault) return null;
  if (read.batchCode) return lines.get(read.batchCode) ?? null;
  for (const line of read.lot === null ? [] : lines.values()) {
    // Most lines are told apart without being parsed.
    if (!line.includes(read.gtin)) continue;
    const page = JSON.parse(line).page ?? {};
    if (page.gtin === read.gtin && page.lot === read.lot) return line;
  }
  return null;
}

// ------------------------------------------------------------------------------------------------------------------ parts

export function instant(text) {
  const form = /^(\d{4})-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)$/;
  const found = typeof text === "string" ? form.exec(text) : null;
  const at = found && Number(found[1]) >= 1970 && Number(found[1]) < 9999 ? Date.parse(text) : NaN;
  return Number.isNaN(at) ? null : at;
}

function fromBase64(text, fault, canonical = true) {
  try {
    const plain = text.replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(plain), (character) => character.charCodeAt(0));
    // One value has one text: bits that count for nothing could be changed otherwise.
    if (canonical && toBase64(bytes) !== text) throw new PackError(fault);
    return bytes;
  } catch {
    throw new PackError(fault);
  }
}

function toBase64(bytes) {
  return btoa(latin(bytes)).replaceAll("+", "-").replaceAll("/", "_");
}

function latin(bytes) {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

function byCodePoint(one, other) {
  return one < other ? -1 : one > other ? 1 : 0;
}

async function sha256(bytes) {
  return hexOf(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}
