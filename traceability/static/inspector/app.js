// The inspector's page: scan, verdict, how old what is known is. It works the same with and without a network.

import { parseAny, Malformed, grouped } from "./codes.js";
import { Camera, symbolReader } from "./camera.js";
import * as findings from "./findings.js";
import { judge, dayInVietnam } from "./judge.js";
import { lineOf, parseEntry, PackError } from "./pack.js";
import * as store from "./store.js";
import { ask, keptPack, refresh, SignedOut } from "./sync.js";

const place = (name) => document.getElementById(name);
const words = JSON.parse(place("words").textContent);
const language = document.documentElement.lang.slice(0, 2);
const HOUR = 3_600_000;
const FRESH = 24 * HOUR;
const EVERY = 15 * 60_000;
const SOON = 300;
const TONES = { ISSUED: "ok", EXPIRED: "warn", SUSPECT: "warn", RECALLED: "bad", REVOKED: "bad", UNKNOWN: "bad" };
// The worst first, so that of twenty codes in view the one that matters is on top.
const WORST = ["RECALLED", "REVOKED", "UNKNOWN", "SUSPECT", "EXPIRED", "UNDETERMINED", "MALFORMED", "ISSUED"];

const state = { pack: null, latestSeen: 0, rootFault: null, isSignedOut: false, token: null, shown: "", loading: null, retry: null, retryAfter: SOON };
const camera = new Camera(place("video"), gather);
// Not every frame shows every code: what is seen within so long belongs together.
const TOGETHER = 350;
const inView = new Set();
let showing = null;

start();

async function start() {
  state.pack = await keptPack().catch(() => null);
  state.latestSeen = (await store.get("latestSeen")) ?? 0;
  showAge();
  listen();
  await findings.prepare(words, showWaiting);
  await showWaiting();
  place("app").dataset.ready = "true";
  await renew();
  setInterval(renew, EVERY);
  setInterval(showAge, 30_000);
}

function listen() {
  place("scan").addEventListener("click", scan);
  place("stop").addEventListener("click", stop);
  place("torch").addEventListener("click", (event) => {
    const on = event.currentTarget.getAttribute("aria-pressed") !== "true";
    event.currentTarget.setAttribute("aria-pressed", on);
    camera.light(on);
  });
  place("typing").addEventListener("submit", (event) => {
    event.preventDefault();
    show([place("code").value.trim()], true);
  });
  place("picture").addEventListener("change", lookAtPicture);
  place("renew").addEventListener("click", renew);
  window.addEventListener("online", renew);
  document.addEventListener("visibilitychange", () => (document.hidden ? stop() : renew()));
  if ("serviceWorker" in navigator) navigator.serviceWorker.register(place("app").dataset.worker, { scope: "/inspector" });
  navigator.storage?.persist?.();
}

// ------------------------------------------------------------------------------------------------------------ the pack

async function renew() {
  // One at a time: a second press waits for the first.
  state.loading ??= load().finally(() => (state.loading = null));
  return state.loading;
}

async function load() {
  try {
    const told = (done, size) => (place("age").textContent = fill(words.loading, { done: kilobytes(done), size: kilobytes(size) }));
    const got = await refresh(state.pack, told);
    // What is seen again is judged again by what is new.
    if (got.pack !== state.pack) state.shown = "";
    Object.assign(state, { pack: got.pack, token: got.token, isSignedOut: false, rootFault: null });
    state.latestSeen = (await store.get("latestSeen")) ?? 0;
    await sendWaiting();
    state.retryAfter = SOON;
  } catch (error) {
    retryLater(error);
    if (error instanceof PackError) state.rootFault = error.fault;
    if (error instanceof SignedOut) {
      state.isSignedOut = true;
      if (error.message === "ended") state.pack = null;
    }
    if (error.told?.error === "no_pack_key") state.rootFault = "no_pack_key";
    if (error.name === "QuotaExceededError") state.rootFault = "full";
  }
  showAge();
}

// What waits to be sent is tried again soon, then less and less often; whoever is signed out must sign in first.
function retryLater(error) {
  clearTimeout(state.retry);
  if (error instanceof SignedOut || !Number(place("waiting").dataset.count)) return;
  state.retry = setTimeout(renew, state.retryAfter);
  state.retryAfter = Math.min(2 * state.retryAfter, 60_000);
}

async function sendWaiting() {
  await sendChecks();
  const token = async (anew) => (anew ? (state.token = (await ask("/inspector/pack")).token) : state.token);
  await findings.send(token, (count) => {
    // It goes on: the next failure is tried again soon.
    state.retryAfter = SOON;
    showCount(count);
  });
  await showWaiting();
}

// How many findings wait, and which of them the server did not take.
async function showWaiting() {
  const waiting = await findings.findingsWaiting();
  const refused = waiting.filter((item) => item.problem);
  const count = waiting.length - refused.length;
  showCount(count);
  place("refused").replaceChildren(
    ...refused.map((item) => {
      const row = element("li", `${item.about}: ${item.problem} `);
      const again = element("button", words.open_again, "small");
      again.type = "button";
      again.addEventListener("click", () => {
        const { id_on_phone: id, stamp_text: text, verdict, pack_number: pack } = item.finding;
        findings.open({ id, text, verdict, pack, at: item.at, about: item.about, fields: item.fields, photographs: item.photographs, problem: item.problem });
      });
      row.append(again);
      return row;
    }),
  );
  if (count && state.token && !state.loading) renew();
}

function showCount(count) {
  place("waiting").textContent = count ? fill(words.waiting, { count }) : "";
  place("waiting").dataset.count = count;
}

function packAge() {
  if (!state.pack) return { tone: "none", text: words.no_pack };
  const now = Date.now();
  const age = now - state.pack.issuedAt;
  const since = moment(state.pack.issuedAt);
  if (now < state.pack.issuedAt || now < state.latestSeen) return { tone: "none", text: fill(words.clock_behind, { since }) };
  const text = fill(age < HOUR ? words.age_new : age < 48 * HOUR ? words.age_hours : words.age_days, {
    since,
    hours: Math.floor(age / HOUR),
    days: Math.floor(age / (24 * HOUR)),
  });
  if (age > 7 * 24 * HOUR) return { tone: "none", text: `${text} ${words.too_old}` };
  return { tone: age > FRESH ? "warn" : "ok", text };
}

function showAge() {
  const { tone, text } = packAge();
  const age = place("age");
  age.className = `age ${tone}`;
  age.dataset.pack = state.pack?.number ?? 0;
  const more = state.rootFault ? (words[`fault_${state.rootFault}`] ?? fill(words.fault, { fault: state.rootFault })) : "";
  age.textContent = [text, more].filter(Boolean).join(" ");
  place("signed-out").hidden = !state.isSignedOut;
}

// ------------------------------------------------------------------------------------------------------------ scanning

async function scan() {
  clear();
  place("viewer").hidden = false;
  place("scan").hidden = true;
  place("viewer").scrollIntoView({ block: "start" });
  try {
    const running = camera.start();
    setTimeout(() => (place("torch").hidden = !camera.hasTorch), 1000);
    await running;
  } catch (error) {
    stop();
    say(error.name === "NotAllowedError" ? words.camera_refused : words.camera_missing);
  }
}

function gather(texts) {
  for (const text of texts) inView.add(text);
  showing ??= setTimeout(() => {
    showing = null;
    show([...inView]);
  }, TOGETHER);
}

function stop() {
  camera.stop();
  clearTimeout(showing);
  showing = null;
  inView.clear();
  place("viewer").hidden = true;
  place("scan").hidden = false;
}

async function lookAtPicture(event) {
  const file = event.target.files[0];
  event.target.value = "";
  if (!file) return;
  clear();
  try {
    const picture = await createImageBitmap(file);
    const texts = await (await symbolReader())(picture);
    texts.length ? show([...new Set(texts)]) : say(words.no_symbol);
  } catch {
    say(words.no_picture);
  }
}

function clear() {
  state.shown = "";
  place("results").replaceChildren();
}

function say(text) {
  const note = element("p", text, "notice");
  place("results").replaceChildren(note);
}

// Judges what is in view and shows it: one code large, several as a list with the worst on top.
async function show(texts, isTyped = false) {
  const key = texts.slice().sort().join("\n");
  if (key === state.shown && !isTyped) return;
  state.shown = key;
  const began = performance.now();
  const judged = await Promise.all(texts.map((text) => judgeText(text, isTyped)));
  judged.sort((one, other) => WORST.indexOf(one.verdict) - WORST.indexOf(other.verdict));
  place("results").replaceChildren(...judged.map((one) => card(one, judged.length > 1)));
  Object.assign(place("results").dataset, { took: Math.round(performance.now() - began), of: key });
  if (texts.length === 1) {
    navigator.vibrate?.(judged[0].verdict === "ISSUED" ? 60 : [120, 80, 120]);
    stop();
  }
  place("results").scrollIntoView({ block: "start" });
  for (const one of judged) if (one.read) compare(one);
}

async function judgeText(text, isTyped) {
  const now = Date.now();
  const keyring = state.pack?.keyring ?? { hosts: [place("app").dataset.host], keys: [] };
  let read;
  try {
    read = parseAny(text, keyring.hosts, place("app").dataset.test === "true");
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return { text, isTyped, verdict: "MALFORMED", reasons: [error.fault], entry: null, read: null };
  }
  const line = state.pack ? lineOf(read, state.pack.lines) : null;
  // Without a pack nothing is known, and nothing is as old as that.
  const issuedAt = state.pack?.issuedAt ?? 0;
  const known = { keyring, batch: line ? parseEntry(line) : null, issuedAt, latestSeen: state.latestSeen };
  const { verdict, reasons, unit } = await judge(read, known, now);
  return { text, isTyped, read, verdict, reasons, unit, entry: line ? JSON.parse(line) : null, at: now };
}

// ------------------------------------------------------------------------------------------------------------- showing

function card(judged, isSmall) {
  // What a pack of yesterday says is good is shown as such a pack is.
  const tone = judged.verdict === "ISSUED" ? packAge().tone : (TONES[judged.verdict] ?? "none");
  const made = element("section", "", `verdict ${tone}`);
  made.dataset.verdict = judged.verdict;
  made.append(icon(tone));
  const body = element("div");
  body.append(element(isSmall ? "h3" : "h2", words[`verdict_${judged.verdict}`], "says"));
  if (words[`more_${judged.verdict}`]) body.append(element("p", words[`more_${judged.verdict}`], "more"));
  for (const recall of judged.entry?.recalls ?? []) {
    if (!judged.reasons.includes("recalled")) continue;
    body.append(element("p", inLanguage(recall, "advice"), "act"), element("p", fill(words.call, { contact: recall.contact })));
    body.append(element("p", fill(words.why, { reason: inLanguage(recall, "reason") })));
  }
  for (const reason of judged.reasons) if (words[`reason_${reason}`]) body.append(element("p", words[`reason_${reason}`], "reason"));
  body.append(element("p", words.checking, "soft server"));
  made.append(body, details(judged));
  const write = element("button", words.write_down);
  write.type = "button";
  write.addEventListener("click", () => findings.open(aboutOf(judged)));
  made.append(write);
  if (judged.entry) {
    // To a page of ours, of a batch that is in the pack: no address that was scanned is ever led to.
    const way = element("a", words.open_batch, "button");
    way.href = `/inspector/batches/${judged.entry.code}?lang=${document.documentElement.lang}`;
    made.append(way);
  }
  judged.card = made;
  return made;
}

function details(judged) {
  const list = element("dl", "", "facts");
  const add = (name, value) => value && list.append(element("dt", words[name]), element("dd", value));
  const page = judged.entry?.page ?? {};
  add("product", inLanguage(page, "product"));
  add("producer", [page.producer, page.commune].filter(Boolean).join(", "));
  add("lot", page.lot);
  add("packed_on", day(page.packed_on));
  add("best_before", day(judged.entry?.best_before ?? page.best_before));
  add("stars", starsNow(page));
  add("indication", page.indication && `${page.indication} ${page.indication_number}`);
  add("unit", judged.unit && String(judged.unit));
  if (judged.read?.batchCode) add("code_of", grouped(judged.read.batchCode + (judged.read.serial ?? "")));
  else if (!judged.read) add("text_of", judged.text.slice(0, 300));
  return list;
}

function aboutOf(judged) {
  const lot = judged.entry?.page?.lot;
  const code = judged.read?.batchCode ? grouped(judged.read.batchCode) : judged.text.slice(0, 60);
  const about = [inLanguage(judged.entry?.page ?? {}, "product"), lot ?? code].filter(Boolean).join(", ");
  return { text: judged.text, verdict: judged.verdict, pack: state.pack?.number ?? null, at: judged.at ?? Date.now(), about };
}

function starsNow(page) {
  const today = dayInVietnam(Date.now());
  const held = (page.ratings ?? []).filter(
    (one) => one.until && one.decided_on <= today && today <= one.until && !(one.withdrawn_on && one.withdrawn_on <= today),
  );
  const last = held.at(-1);
  return last ? fill(words.stars_until, { stars: "★".repeat(last.stars), until: day(last.until) }) : page.ratings ? words.no_stars : "";
}

// Asks the server as well, where there is a network: it knows more than a pack, and a difference is shown and told.
async function compare(judged) {
  const line = judged.card.querySelector(".server");
  const check = { id: crypto.randomUUID(), at: judged.at, text: judged.text, verdict: judged.verdict, pack: state.pack?.number ?? 0 };
  await store.queue({ ...check, kind: "check" });
  try {
    const [told] = await sendChecks([check]);
    judged.card.dataset.server = told.verdict;
    if (told.verdict === judged.verdict) {
      line.textContent = words.server_agrees;
      return;
    }
    // The server knows more: its verdict is the one that stands there.
    const tone = TONES[told.verdict] ?? "none";
    judged.card.className = `verdict ${tone}`;
    judged.card.querySelector("svg").replaceWith(icon(tone));
    judged.card.querySelector(".says").textContent = words[`verdict_${told.verdict}`];
    for (const old of judged.card.querySelectorAll(".more, .reason")) old.remove();
    line.textContent = fill(words.server_differs, { verdict: words[`verdict_${judged.verdict}`] });
    line.classList.add("differs");
  } catch {
    line.textContent = words.by_pack;
  }
}

// Sends checks that were made without a network: the server judges them again.
async function sendChecks(only = null) {
  const checks = only ?? (await store.waiting()).filter((item) => item.kind === "check").slice(0, 200);
  if (!checks.length) return [];
  const headers = { "Content-Type": "application/json", "X-CSRFToken": state.token ?? "" };
  const told = await ask("/inspector/checks", { method: "POST", headers, body: JSON.stringify({ checks }) });
  await store.unqueue(checks.map((check) => check.id));
  return told.checks;
}

// --------------------------------------------------------------------------------------------------------------- words

function element(tag, text = "", className = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

function icon(tone) {
  const found = place(`icon-${tone}`);
  return found.content.firstElementChild.cloneNode(true);
}

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

function inLanguage(row, name) {
  return (language !== "vi" && row[`${name}_${language}`]) || row[name] || "";
}

function day(text) {
  return text ? new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeZone: "UTC" }).format(new Date(text)) : "";
}

function moment(at) {
  const format = { dateStyle: "medium", timeStyle: "short", timeZone: "Asia/Ho_Chi_Minh" };
  return new Intl.DateTimeFormat(document.documentElement.lang, format).format(new Date(at));
}

function kilobytes(bytes) {
  return `${Math.ceil(bytes / 1024)} KB`;
}
