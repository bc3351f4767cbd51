// Staff forms keep what is typed: on the server, and on this phone while there is no network. Without this script they work too.
"use strict";

const form = document.querySelector("form[data-draft]");
const done = document.querySelector("[data-registered]");
const printing = document.querySelector("form[data-preview]");

if (done) forget(done.dataset.registered);
if (form) keepDraft(form);
const sending = document.querySelector("[data-progress]");

if (sending) showProgress(sending);
const reading = document.querySelector("[data-reading]");

if (reading) showReading(reading);
const clock = document.querySelector("[data-began]");

if (clock) runClock(clock);
if (printing) printing.addEventListener("change", () => showPreview(printing));

// What was registered or thrown away is forgotten once: the same page opened again later must not forget what was typed since.
function forget(name) {
  localStorage.removeItem(name);
  const address = new URL(location.href);
  address.searchParams.delete("registered");
  address.searchParams.delete("begun");
  history.replaceState(null, "", address);
}

function texts(form) {
  const fields = new FormData(form);
  for (const name of [...new Set(fields.keys())]) {
    if (fields.getAll(name).some((value) => value instanceof File)) fields.delete(name);
  }
  return fields;
}

async function post(address, body) {
  const answer = await fetch(address, { method: "POST", body, credentials: "same-origin" });
  const told = (answer.headers.get("Content-Type") || "").includes("json") ? await answer.json() : null;
  // A token that does not fit is that of a session which ended.
  if (answer.status === 401 || answer.redirected || (answer.status === 400 && !told)) throw new Error("signed out");
  if (!answer.ok && !told) throw new Error("failed");
  return { ok: answer.ok, told, text: told ? "" : await answer.text() };
}

function keepDraft(form) {
  const status = document.getElementById("saved");
  let timer = 0;
  let sent = "";

  const say = (words, unsent) => {
    status.textContent = words;
    status.classList.toggle("unsent", unsent);
  };
  const keepHere = () => {
    const fields = [...texts(form)].filter(([name]) => name !== "csrf_token");
    localStorage.setItem(form.dataset.keep, JSON.stringify({ read: form.dataset.savedAt, fields }));
  };
  const failed = (error) => say(error.message === "signed out" ? form.dataset.signedOut : form.dataset.offline, true);
  const save = async () => {
    keepHere();
    const body = texts(form);
    const now = new URLSearchParams(body).toString();
    if (now === sent) return;
    try {
      const answer = await post(form.dataset.draft, body);
      if (!answer.ok) return say(answer.told.problem, true);
      sent = now;
      form.dataset.savedAt = answer.told.at || form.dataset.savedAt;
      // Only what nobody else has is kept on the phone.
      if (now === new URLSearchParams(texts(form)).toString()) localStorage.removeItem(form.dataset.keep);
      say(answer.told.saved, false);
    } catch (error) {
      failed(error);
    }
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(save, 800);
  };
  const files = fileQueue(form, failed);

  restore(form, say, soon);
  form.addEventListener("input", (event) => { if (event.target.type !== "file") { keepHere(); soon(); } });
  form.addEventListener("change", (event) => { if (event.target.type === "file") files.add(event.target); });
  window.addEventListener("online", () => { save(); files.again(); });
  form.addEventListener("submit", async (event) => {
    if (!navigator.onLine) {
      event.preventDefault();
      keepHere();
      return say(form.dataset.offline, true);
    }
    clearTimeout(timer);
    keepHere();
    const button = event.submitter;
    // A file that was refused is told, and nothing is registered without it unless the button is pressed again.
    if (!files.busy()) {
      if (files.refused()) event.preventDefault();
      return;
    }
    event.preventDefault();
    await files.idle();
    if (!files.refused()) setTimeout(() => form.requestSubmit(button));
  });
}

// What is on this phone is newer than what the server had when the page was made, or somebody typed elsewhere meanwhile.
function restore(form, say, soon) {
  const kept = JSON.parse(localStorage.getItem(form.dataset.keep) || "null");
  if (!kept) return;
  if (kept.read === form.dataset.savedAt) {
    fill(form, kept.fields);
    say(form.dataset.restored, false);
    return soon();
  }
  const choice = document.getElementById("other-copy");
  choice.hidden = false;
  choice.querySelector("button").addEventListener("click", () => {
    fill(form, kept.fields);
    choice.hidden = true;
    soon();
  });
}

function fill(form, fields) {
  for (const box of form.querySelectorAll("input[type=checkbox]")) box.checked = false;
  for (const [name, value] of fields) {
    for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      if (field.type === "checkbox") field.checked = field.checked || field.value === value;
      else if (field.type !== "file" && field.name !== "csrf_token") field.value = value;
    }
  }
}

// Files are sent as soon as they are chosen, one after the other. What could not be sent stays in its field and goes with the form.
function fileQueue(form, failed) {
  const status = document.getElementById("sending");
  let running = Promise.resolve();
  let waiting = 0;
  let refusedLately = 0;

  const send = async (field) => {
    let told = "";
    for (const file of [...field.files]) {
      status.textContent = form.dataset.sending.replace("{name}", file.name);
      const body = new FormData();
      body.append("csrf_token", form.elements.csrf_token.value);
      body.append(field.name, await smaller(file), file.name);
      try {
        const answer = await post(form.dataset.files, body);
        if (answer.told) {
          told = `${file.name}: ${answer.told.problem}`;
          refusedLately = Date.now();
        } else {
          const page = new DOMParser().parseFromString(answer.text, "text/html");
          document.getElementById("kept-files").replaceWith(page.getElementById("kept-files"));
        }
        takeOut(field, file);
      } catch (error) {
        status.textContent = told;
        failed(error);
        // The form takes it along; without network it waits in its field.
        return;
      }
    }
    status.textContent = told;
  };
  const add = (field) => {
    waiting += 1;
    running = running.then(async () => {
      await send(field);
      waiting -= 1;
    });
  };
  return {
    add,
    again: () => { for (const field of form.querySelectorAll("input[type=file]")) if (field.files.length && !waiting) add(field); },
    busy: () => waiting > 0,
    idle: () => running,
    // Told so short a time ago that the finger was on its way already.
    refused: () => {
      const now = Date.now() - refusedLately < 3000;
      refusedLately = 0;
      if (now) status.scrollIntoView({ block: "center" });
      return now;
    },
  };
}

function takeOut(field, file) {
  const rest = new DataTransfer();
  for (const other of field.files) if (other !== file) rest.items.add(other);
  field.files = rest.files;
}

// A camera's photograph is far larger than what is kept of it, and 3G is slow. What the browser cannot read goes as it is.
async function smaller(file) {
  if (!file.type.startsWith("image/") || file.size < 400000) return file;
  try {
    const picture = await createImageBitmap(file);
    const scale = Math.min(1, 2000 / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    const made = await new Promise((give) => canvas.toBlob(give, "image/jpeg", 0.8));
    return made && made.size < file.size ? made : file;
  } catch {
    return file;
  }
}

async function showPreview(form) {
  const asked = new URLSearchParams(texts(form));
  asked.delete("csrf_token");
  asked.delete("key");
  asked.set("lang", document.documentElement.lang.slice(0, 2));
  try {
    const answer = await fetch(`${location.pathname}?${asked}`, { credentials: "same-origin" });
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.getElementById("fit").replaceWith(page.getElementById("fit"));
    // What is printed again is printed as it is chosen above; a box that is not ticked is not asked for, so the answer tells.
    for (const field of document.querySelectorAll("form[data-follows] input[type=hidden]")) {
      const told = page.querySelector(`form[data-follows] input[name="${field.name}"]`);
      if (told && !["csrf_token", "again_key"].includes(field.name)) field.value = told.value;
    }
  } catch {
    // Without network the last preview stays; the server checks the fit again before it issues anything.
  }
}

// How far a file is that the browser saves by itself: asked once a second, from the moment on at which one is on its way.
async function showProgress(box) {
  const bar = box.querySelector("progress");
  const told = box.querySelector("p");
  const say = (words, state) => { told.textContent = words.replace("{sent}", state.sent).replace("{labels}", state.labels); };
  for (const link of document.querySelectorAll("[data-fetch]")) link.addEventListener("click", () => { asked = 0; });
  let asked = 0;
  for (; asked < 3600; asked += 1) {
    await new Promise((done) => setTimeout(done, 1000));
    try {
      const answer = await fetch(box.dataset.progress, { credentials: "same-origin" });
      if (!answer.ok || answer.redirected) return;
      const state = await answer.json();
      if (!state.labels) continue;
      box.hidden = false;
      bar.max = state.labels;
      bar.value = state.sent;
      say(state.whole ? box.dataset.whole : box.dataset.words, state);
    } catch {
      // Without network the last figure stays; the download tells by itself that it broke off.
    }
  }
}

// Since a drill began: by this phone's clock, which is right to the minute; the tables say it by the server's.
function runClock(box) {
  const show = () => {
    const seconds = Math.max(0, Math.floor(Date.now() / 1000) - Number(box.dataset.began));
    const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
    box.textContent = parts.map((part) => String(part).padStart(2, "0")).join(":");
  };
  show();
  setInterval(show, 1000);
}

// How far a sheet is read; the page is loaded again once there is something to show.
async function showReading(box) {
  const bar = box.querySelector("progress");
  const told = box.querySelector("[role=status]");
  for (let asked = 0; asked < 3600; asked += 1) {
    await new Promise((done) => setTimeout(done, 500));
    try {
      const answer = await fetch(box.dataset.reading, { credentials: "same-origin" });
      if (!answer.ok || answer.redirected) return;
      const state = await answer.json();
      if (state.state !== "reading" || state.stalled) return location.reload();
      bar.max = state.total || 1;
      bar.value = state.done;
      told.textContent = `${state.done} / ${state.total}`;
    } catch {
      // Without network the last figure stays.
    }
  }
}
