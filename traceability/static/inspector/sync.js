// Getting the newest pack, and sending what waits. Whatever breaks off goes on later; what was there before stays good.

import { openPack, PackError } from "./pack.js";
import * as store from "./store.js";

const PIECE = 256 * 1024;
// A connection that hangs is one that broke off: what it was about is asked again.
const PATIENCE = 60_000;
const PATIENCE_WITH_FILES = 600_000;

export class SignedOut extends Error {}
export class NoNetwork extends Error {}

// The pack that is kept, ready to be asked, or null.
export async function keptPack() {
  const kept = await store.get("pack");
  if (!kept) return null;
  const { lines, ...rest } = kept;
  return { ...rest, lines: new Map(lines.split("\n").filter(Boolean).map((line) => [codeOf(line), line])) };
}

function codeOf(line) {
  // Most lines begin with something else than the code, whose letters need no escaping.
  const found = /"code":"([0-9A-Z]{12})"/.exec(line);
  return found[1];
}

// Asks which pack is the newest and takes it. Returns {pack, serverTime, token}; `told` hears how much of it is there.
export async function refresh(pack, told = () => {}) {
  const news = await ask("/inspector/pack");
  const root = await store.get("root");
  // Pinned when the phone first asks: another root is not ours, whoever serves it.
  if (root && root !== news.root_key) throw new PackError("key_file_signature");
  if (!root) await store.put({ root: news.root_key });
  const serverTime = Date.parse(news.server_time);
  await store.put({ latestSeen: Math.max(serverTime, (await store.get("latestSeen")) ?? 0) });
  const fresh = pack && pack.number === news.number ? pack : await take(news, root ?? news.root_key, pack, serverTime, told);
  return { pack: fresh, serverTime, token: news.token };
}

async function take(news, root, pack, now, told) {
  const rootKey = Uint8Array.from(root.match(/../g), (pair) => parseInt(pair, 16));
  const held = { number: pack?.number ?? 0, lines: pack?.lines ?? null, keySequence: pack?.keyring.sequence ?? 0 };
  // A pack of another area follows none of this one's.
  if (pack && pack.area === news.area) {
    const content = await download(`${news.whole}/since/${pack.number}`, told);
    try {
      if (content) return await keep(await openPack(content, rootKey, held, now));
    } catch (error) {
      if (!["base_missing", "state_differs"].includes(error.fault)) throw error;
    }
  }
  const content = await download(news.whole, told);
  if (!content) throw new PackError("cut_off");
  try {
    return await keep(await openPack(content, rootKey, held, now));
  } catch (error) {
    // What was put together from pieces is thrown away whole: the next try begins anew.
    await store.put({ partial: undefined });
    throw error;
  }
}

async function keep({ header, keyring, lines }) {
  const { number, area, issuedAt } = header;
  const pack = { number, area, issuedAt, keyring, entries: lines.size };
  if (await store.putPack({ ...pack, lines: [...lines.values()].join("\n") })) return { ...pack, lines };
  // Two packs crossed: the newer one stays.
  return keptPack();
}

// A file, from where an earlier try broke off if it is still the same; null where there is none.
async function download(address, told) {
  const partial = await store.get("partial");
  const begun = partial && partial.address === address ? partial : null;
  const headers = begun ? { Range: `bytes=${begun.content.byteLength}-`, "If-Range": begun.tag } : {};
  const answer = await reach(address, { headers, signal: AbortSignal.timeout(PATIENCE_WITH_FILES) });
  if (answer.status === 404) return null;
  if (answer.status === 416) {
    await store.put({ partial: undefined });
    return download(address, told);
  }
  if (!answer.ok) throw new NoNetwork(String(answer.status));
  const tag = answer.headers.get("ETag");
  let content = answer.status === 206 && begun ? new Uint8Array(begun.content) : new Uint8Array(0);
  const size = content.length + Number(answer.headers.get("Content-Length") ?? 0);
  let kept = content.length;
  const reader = answer.body.getReader();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      content = joined(content, part.value);
      told(content.length, size);
      if (content.length - kept >= PIECE) {
        await store.put({ partial: { address, tag, content: content.buffer } });
        kept = content.length;
      }
    }
  } catch (error) {
    await store.put({ partial: { address, tag, content: content.buffer } });
    throw new NoNetwork(error.message);
  }
  return content;
}

function joined(one, other) {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

// ------------------------------------------------------------------------------------------------------------- asking

export async function ask(address, options = {}) {
  const answer = await reach(address, options);
  const told = (answer.headers.get("Content-Type") ?? "").includes("json") ? await answer.json() : null;
  if (!answer.ok || told === null) throw Object.assign(new NoNetwork(String(answer.status)), { status: answer.status, told });
  return told;
}

export async function reach(address, options = {}) {
  let answer;
  try {
    const signal = AbortSignal.timeout(PATIENCE);
    answer = await fetch(address, { credentials: "same-origin", redirect: "manual", cache: "no-store", signal, ...options });
  } catch (error) {
    throw new NoNetwork(error.message);
  }
  if (answer.status === 401 || answer.status === 410 || answer.type === "opaqueredirect") {
    // 410: the office has ended this phone's session. What it knows is wiped; what waits to be sent stays.
    if (answer.status === 410) await store.put({ pack: undefined, partial: undefined });
    throw new SignedOut(answer.status === 410 ? "ended" : "expired");
  }
  return answer;
}
