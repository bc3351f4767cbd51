// Findings: written down on the spot, kept on the phone, sent exactly once. The id is the phone's, so sending again is harmless.

import { hexOf } from "./codes.js";
import * as store from "./store.js";
import { ask, NoNetwork } from "./sync.js";

const place = (name) => document.getElementById(name);
const WIDEST = 1600;
const MOST_PHOTOGRAPHS = 12;
// Twelve photographs over 3G.
const LONGEST = 600_000;
let current = null;
let sending = null;
let words = {};

// `changed` is called whenever what waits has changed.
export async function prepare(texts, changed) {
  words = texts;
  const form = place("finding");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    keep().then(changed);
  });
  form.addEventListener("input", saveDraft);
  form.addEventListener("change", showParts);
  place("photographs").addEventListener("change", addPhotographs);
  place("discard").addEventListener("click", async () => {
    if (current?.isEmpty || confirm(words.discard_sure)) close();
  });
  const draft = await store.get("draft");
  if (draft) open(draft);
}

// Opens the form about what was judged, or one that was begun.
export function open(given) {
  const form = place("finding");
  form.reset();
  current = { id: crypto.randomUUID(), photographs: [], fields: {}, ...given };
  for (const [name, value] of Object.entries(current.fields)) setField(form, name, value);
  place("about").textContent = current.about;
  place("problem").textContent = current.problem ?? "";
  showPhotographs();
  showParts();
  form.hidden = false;
  form.scrollIntoView({ block: "start" });
  if (!form.elements.place.value) store.get("lastPlace").then((last) => last && !form.elements.place.value && (form.elements.place.value = last));
}

function close() {
  current = null;
  place("finding").hidden = true;
  return store.put({ draft: undefined });
}

function setField(form, name, value) {
  if (name === "checked") for (const box of form.querySelectorAll("[name=checked]")) box.checked = value.includes(box.value);
  else if (name === "result") form.elements.result.value = value;
  else if (form.elements[name]) form.elements[name].value = value;
}

function fieldsOf(form) {
  const given = new FormData(form);
  const fields = Object.fromEntries(["place", "result", "correct_by", "words", "seized", "seized_unit", "explained_to"].map((name) => [name, given.get(name) ?? ""]));
  return { ...fields, checked: given.getAll("checked") };
}

// Only what the chosen result asks for is shown.
function showParts() {
  const result = place("finding").elements.result.value;
  place("until").hidden = result !== "to_correct";
  place("finding").elements.correct_by.required = result === "to_correct";
  place("finding").elements.words.required = result === "serious";
}

function saveDraft() {
  if (!current) return;
  current.fields = fieldsOf(place("finding"));
  store.put({ draft: current }).catch(() => {});
}

// ---------------------------------------------------------------------------------------------------------- photographs

async function addPhotographs(event) {
  const files = [...event.target.files];
  event.target.value = "";
  for (const file of files.slice(0, MOST_PHOTOGRAPHS - current.photographs.length)) {
    try {
      const content = await smaller(file);
      const sha256 = hexOf(new Uint8Array(await crypto.subtle.digest("SHA-256", await content.arrayBuffer())));
      if (!current.photographs.some((one) => one.sha256 === sha256)) current.photographs.push({ content, sha256 });
    } catch {
      place("problem").textContent = words.no_picture;
    }
  }
  showPhotographs();
  saveDraft();
}

// As large as its text can be read, so that five hundred findings fit on a phone and go out over 3G.
async function smaller(file) {
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, WIDEST / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => canvas.toBlob((made) => (made ? resolve(made) : reject(new Error("no picture"))), "image/jpeg", 0.8));
}

function showPhotographs() {
  const rows = current.photographs.map((one, at) => {
    const row = document.createElement("li");
    const picture = document.createElement("img");
    picture.src = URL.createObjectURL(one.content);
    picture.alt = "";
    picture.addEventListener("load", () => URL.revokeObjectURL(picture.src));
    const remove = document.createElement("button");
    remove.type = "button";
    remove.textContent = words.remove;
    remove.addEventListener("click", () => {
      current.photographs.splice(at, 1);
      showPhotographs();
      saveDraft();
    });
    row.append(picture, document.createElement("span"), remove);
    return row;
  });
  place("thumbs").replaceChildren(...rows);
}

// ------------------------------------------------------------------------------------------------------------- keeping

async function keep() {
  const form = place("finding");
  const { seized, seized_unit, ...fields } = fieldsOf(form);
  const finding = {
    id_on_phone: current.id,
    stamp_text: current.text,
    verdict: current.verdict,
    pack_number: current.pack,
    found_at: new Date(current.at).toISOString(),
    ...fields,
    ...(seized ? { seized: Number(seized), seized_unit } : {}),
    correct_by: fields.result === "to_correct" ? fields.correct_by : null,
    explained_to: fields.explained_to || null,
    photographs: current.photographs.map((one) => one.sha256),
    ...(form.elements.coordinates.checked ? await coordinates() : {}),
  };
  const { id, at, about, photographs } = current;
  try {
    await store.queue({ id, at, kind: "finding", about, finding, fields: fieldsOf(form), photographs });
  } catch {
    // Nothing is closed before it is kept.
    place("problem").textContent = words.fault_full;
    return;
  }
  // The finding is kept: a phone that has no room for more than that closes the form all the same.
  await store.put({ lastPlace: fields.place, draft: undefined }).catch(() => {});
  current = null;
  form.hidden = true;
}

function coordinates() {
  return new Promise((resolve) => {
    const found = ({ coords }) => resolve({ latitude: coords.latitude, longitude: coords.longitude });
    if (!navigator.geolocation) resolve({});
    else navigator.geolocation.getCurrentPosition(found, () => resolve({}), { timeout: 10_000, maximumAge: 60_000 });
  });
}

export async function findingsWaiting() {
  return (await store.waiting()).filter((item) => item.kind === "finding");
}

// -------------------------------------------------------------------------------------------------------------- sending

// Sends what waits, oldest first, one after the other. `token` gives the form token, anew where one was refused.
export function send(token, told) {
  sending ??= sendAll(token, told).finally(() => (sending = null));
  return sending;
}

async function sendAll(token, told) {
  const due = (await findingsWaiting()).filter((item) => !item.problem);
  for (const [at, item] of due.entries()) {
    await sendOne(item, token);
    told(due.length - at - 1);
  }
}

async function sendOne(item, token, isSecond = false) {
  const body = new FormData();
  body.append("finding", JSON.stringify(item.finding));
  for (const { content, sha256 } of item.photographs) body.append("photograph", content, `${sha256}.jpg`);
  try {
    await ask("/inspector/findings", { method: "POST", headers: { "X-CSRFToken": await token(isSecond) }, body, signal: AbortSignal.timeout(LONGEST) });
    await store.unqueue([item.id]);
  } catch (error) {
    if (!(error instanceof NoNetwork) || !error.status || error.status >= 500) throw error;
    if (error.told?.error) {
      // It stays here, with what is wrong, until somebody has mended it.
      await store.queue({ ...item, problem: error.told.words });
      return;
    }
    if (isSecond || error.status !== 400) throw error;
    await sendOne(item, token, true);
  }
}
