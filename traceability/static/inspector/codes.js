// Codes, addresses and signed claims, as docs/stamp.md has them: what traceability/domain does on the server, under the same vectors.
// Nothing here says whether a stamp was ever issued: that is judge.js.

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const VALUE = new Map([...ALPHABET].map((character, value) => [character, value]));
const LONGEST = 2048;
const CODE = 12;
const CLAIMS_TEXT = 37;
const SIGNED = 140;
const LAST_UNIT = 16_777_215;
const EPOCH = Date.UTC(2020, 0, 1);
const DAY = 86_400_000;
const utf8 = new TextEncoder();

export class Malformed extends Error {
  constructor(fault) {
    super(fault);
    this.fault = fault;
  }
}

// ------------------------------------------------------------------------------------------------------------- base32

// Only ASCII letters fold: what Unicode makes of others is no look-alike of ours.
export function fold(text) {
  return text.replace(/[a-z]/g, (letter) => letter.toUpperCase()).replace(/[IL]/g, "1").replace(/O/g, "0");
}

function read(text) {
  let number = 0n;
  for (const character of text) {
    const value = VALUE.get(character);
    if (value === undefined) throw new Malformed("alphabet");
    number = (number << 5n) | BigInt(value);
  }
  return number;
}

export function encodeNumber(number, bits) {
  let text = "";
  for (let place = Math.ceil(bits / 5) - 1; place >= 0; place--) text += ALPHABET[Number((number >> BigInt(5 * place)) & 31n)];
  return text;
}

export function encodeBytes(bytes) {
  const length = Math.ceil((bytes.length * 8) / 5);
  return encodeNumber(numberOf(bytes) << BigInt(length * 5 - bytes.length * 8), length * 5);
}

export function decodeBytes(text) {
  const size = Math.floor((text.length * 5) / 8);
  const spare = text.length * 5 - size * 8;
  const number = read(text);
  if (spare >= 5 || number & ((1n << BigInt(spare)) - 1n)) throw new Malformed("padding");
  return bytesOf(number >> BigInt(spare), size);
}

export function checkCharacter(text) {
  let total = 0;
  [...text].reverse().forEach((character, place) => {
    const product = VALUE.get(character) * (2 - (place % 2));
    total += Math.floor(product / 32) + (product % 32);
  });
  return ALPHABET[(32 - (total % 32)) % 32];
}

function checkCode(code) {
  read(code);
  if (checkCharacter(code.slice(0, -1)) !== code.at(-1)) throw new Malformed("check_character");
}

function withCheck(number) {
  const text = encodeNumber(number, 55);
  return text + checkCharacter(text);
}

export function grouped(code) {
  return (code.match(/.{1,12}/g) || []).map((block) => block.match(/.{1,4}/g).join("-")).join(" ");
}

export function numberOf(bytes) {
  let number = 0n;
  for (const byte of bytes) number = (number << 8n) | BigInt(byte);
  return number;
}

export function bytesOf(number, size) {
  const bytes = new Uint8Array(size);
  for (let place = size - 1; place >= 0; place--, number >>= 8n) bytes[place] = Number(number & 255n);
  return bytes;
}

export function hexOf(bytes) {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// ------------------------------------------------------------------------------------------------------------- claims

export function parseClaims(bytes) {
  if (bytes.length !== 23) throw new Malformed("length");
  if (bytes[0] !== 1) throw new Malformed("layout");
  const batch = numberOf(bytes.slice(2, 9));
  const serial = numberOf(bytes.slice(9, 16));
  if (batch >> 55n || serial >> 55n) throw new Malformed("unused_bits");
  const packedOn = dayOf(bytes.slice(16, 18));
  const stars = bytes[20];
  if (![0, 3, 4, 5].includes(stars) || (stars && packedOn === null)) throw new Malformed("stars");
  return {
    kid: bytes[1],
    batchCode: withCheck(batch),
    serial: serial ? withCheck(serial) : null,
    packedOn,
    bestBefore: dayOf(bytes.slice(18, 20)),
    stars,
    indication: Number(numberOf(bytes.slice(21, 23))),
  };
}

function dayOf(bytes) {
  const days = Number(numberOf(bytes));
  return days ? new Date(EPOCH + days * DAY).toISOString().slice(0, 10) : null;
}

export function withoutSerial(claims) {
  const stored = claims.slice();
  stored.fill(0, 9, 16);
  return stored;
}

export function claimsText(claims) {
  return encodeBytes(claims);
}

export function signedMessage(host, claims) {
  return utf8.encode(`https://${host}/S/${claimsText(claims)}`);
}

// ------------------------------------------------------------------------------------------------------------ serials

export async function serialKeys(masterKey, batch) {
  const key = await crypto.subtle.importKey("raw", masterKey, "HKDF", false, ["deriveBits"]);
  const derive = async (purpose) =>
    new Uint8Array(
      await crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt: utf8.encode(batch), info: utf8.encode(purpose) }, key, 256),
    );
  return { batch, tag: await derive("traceability serial tag v1"), mask: await derive("traceability serial mask v1") };
}

async function hmac(key, ...parts) {
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const message = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  parts.reduce((place, part) => (message.set(part, place), place + part.length), 0);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, message));
}

async function maskOf(batch, maskKey, tag) {
  return numberOf((await hmac(maskKey, utf8.encode(batch), bytesOf(tag, 4))).slice(0, 3));
}

export async function makeSerial(keys, unit) {
  const value = await serialValue(keys, unit);
  return value ? withCheck(value) : null;
}

async function serialValue(keys, unit) {
  const tag = numberOf((await hmac(keys.tag, utf8.encode(keys.batch), bytesOf(BigInt(unit), 4))).slice(0, 4)) >> 1n;
  return (tag << 24n) | (BigInt(unit) ^ (await maskOf(keys.batch, keys.mask, tag)));
}

// By the mask key alone: what a serial claims, which proves nothing.
export async function unmaskUnit(batch, maskKey, serial) {
  const value = read(serial.slice(0, -1));
  return Number((value & 0xffffffn) ^ (await maskOf(batch, maskKey, value >> 24n)));
}

export async function unitOfSerial(keys, serial) {
  const unit = await unmaskUnit(keys.batch, keys.mask, serial);
  const value = read(serial.slice(0, -1));
  return unit >= 1 && unit <= LAST_UNIT && value && (await serialValue(keys, unit)) === value ? unit : null;
}

// ---------------------------------------------------------------------------------------------------------- addresses

const upper = (text) => text.replace(/[a-z]/g, (letter) => letter.toUpperCase());

function checkLength(text) {
  if (!text) throw new Malformed("empty");
  if ([...text].length > LONGEST) throw new Malformed("too_long");
}

// What a camera saw.
export function parseAddress(text, hosts, testMode = false) {
  checkLength(text);
  const end = text.indexOf("://");
  const scheme = upper(end < 0 ? text : text.slice(0, end));
  if (end < 0 || !(testMode ? ["HTTPS", "HTTP"] : ["HTTPS"]).includes(scheme)) throw new Malformed("scheme");
  const rest = text.slice(end + 3);
  const cut = rest.search(/[/?#]/);
  const authority = cut < 0 ? rest : rest.slice(0, cut);
  const path = cut < 0 ? "" : rest.slice(cut).split(/[?#]/, 1)[0];
  if (!path) throw new Malformed("path");
  const host = parseHost(authority, hosts, testMode);
  return parseSegments(decodeSegments(path), host);
}

// A path that was decoded already, once.
export function parsePath(path) {
  checkLength(path);
  return parseSegments(path.split("/"), null);
}

// What a person typed: spaces and hyphens anywhere.
export function parseTyped(text) {
  checkLength(text);
  const code = text.replace(/[- ]/g, "");
  if (!code) throw new Malformed("empty");
  return parseCode(code, null);
}

export function parseAny(text, hosts, testMode = false) {
  if (text.includes("://")) return parseAddress(text, hosts, testMode);
  if (text.startsWith("/")) {
    checkLength(text);
    return parseSegments(decodeSegments(text.split(/[?#]/, 1)[0]), null);
  }
  return parseTyped(text);
}

function parseHost(authority, hosts, testMode) {
  const colon = authority.indexOf(":");
  const host = upper(colon < 0 ? authority : authority.slice(0, colon));
  const portIsGood = colon < 0 || (testMode && /^[0-9]+$/.test(authority.slice(colon + 1)));
  if (!host || authority.includes("@") || host.endsWith(".") || !portIsGood) throw new Malformed("authority");
  if (!hosts.includes(host)) throw new Malformed("foreign_host");
  return host;
}

function decodeSegments(path) {
  return path.split("/").map(decodePercent);
}

function decodePercent(segment) {
  if (/%(?![0-9A-Fa-f]{2})/.test(segment) || !segment.isWellFormed()) throw new Malformed("encoding");
  const bytes = [];
  for (const part of segment.split(/(%[0-9A-Fa-f]{2})/)) {
    if (/^%[0-9A-Fa-f]{2}$/.test(part)) bytes.push(parseInt(part.slice(1), 16));
    else bytes.push(...utf8.encode(part));
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(new Uint8Array(bytes));
  } catch {
    throw new Malformed("encoding");
  }
}

function parseSegments(segments, host) {
  if (segments.length < 3 || segments[0] || !segments[2]) throw new Malformed("path");
  if (["S", "s"].includes(segments[1]) && segments.length === 3) return parseCode(segments[2], host);
  if (segments[1] === "01") return parseDigitalLink(segments[2], segments.slice(3), host);
  throw new Malformed("path");
}

function stampText(given) {
  const nothing = { scope: null, batchCode: null, serial: null, gtin: null, lot: null, claimsBytes: null, signature: null, host: null };
  return { ...nothing, ...given };
}

function parseCode(text, host) {
  const code = fold(text);
  const length = [...code].length;
  if (length === SIGNED) return parseSigned(code, host);
  if (length !== CODE && length !== 2 * CODE) throw new Malformed("length");
  const batchCode = [...code].slice(0, CODE).join("");
  const serial = [...code].slice(CODE).join("") || null;
  checkCode(batchCode);
  if (serial) checkCode(serial);
  return stampText({ form: "house", scope: serial ? "unit" : "batch", batchCode, serial, host });
}

function parseSigned(code, host) {
  const claimsBytes = decodeBytes(code.slice(0, CLAIMS_TEXT));
  const signature = decodeBytes(code.slice(CLAIMS_TEXT));
  const claims = parseClaims(claimsBytes);
  const scope = claims.serial ? "unit" : "batch";
  return stampText({ form: "signed", scope, batchCode: claims.batchCode, serial: claims.serial, claimsBytes, signature, host });
}

const SET_82 = /^[!"%-?A-Z_a-z]{1,20}$/;

function parseDigitalLink(gtinText, rest, host) {
  if (rest.includes("")) throw new Malformed("path");
  const gtin = parseGtin(gtinText);
  const qualifiers = readQualifiers(rest);
  const lot = qualifiers.get("10") ?? null;
  if (lot !== null && (!SET_82.test(lot) || lot.includes("/") || lot === "." || lot === "..")) throw new Malformed("lot");
  let serial = qualifiers.get("21") ?? null;
  if (serial !== null) {
    serial = fold(serial);
    if ([...serial].length !== CODE) throw new Malformed("length");
    checkCode(serial);
  }
  if (qualifiers.has("22") && !SET_82.test(qualifiers.get("22"))) throw new Malformed("qualifiers");
  if (lot === null || qualifiers.has("22")) return stampText({ form: "gs1_product", gtin, host });
  return stampText({ form: "gs1", scope: serial ? "unit" : "batch", serial, gtin, lot, host });
}

function parseGtin(text) {
  if (!/^(?:[0-9]{8}|[0-9]{12,14})$/.test(text)) throw new Malformed("gtin");
  const total = [...text.slice(0, -1)].reverse().reduce((sum, digit, place) => sum + Number(digit) * (place % 2 ? 1 : 3), 0);
  if ((10 - (total % 10)) % 10 !== Number(text.at(-1))) throw new Malformed("gtin_check_digit");
  return text.padStart(14, "0");
}

function readQualifiers(rest) {
  const keys = rest.filter((_, place) => place % 2 === 0);
  const order = keys.map((key) => ["22", "10", "21"].indexOf(key));
  const inOrder = order.every((place, at) => place >= 0 && (at === 0 || order[at - 1] < place));
  if (rest.length % 2 || !inOrder) throw new Malformed("qualifiers");
  return new Map(keys.map((key, at) => [key, rest[2 * at + 1]]));
}

export function canonicalPath(read) {
  if (read.form === "gs1_product") return null;
  if (read.form === "gs1") {
    const lot = encodeURIComponent(read.lot).replace(/[!'()*]/g, (character) => "%" + character.charCodeAt(0).toString(16).toUpperCase());
    return `/01/${read.gtin}/10/${lot}` + (read.serial ? `/21/${read.serial}` : "");
  }
  if (read.claimsBytes) return "/S/" + claimsText(read.claimsBytes) + encodeBytes(read.signature);
  return "/S/" + read.batchCode + (read.serial ?? "");
}
