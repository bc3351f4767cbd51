// Staff forms keep what is typed: on the server, and on this phone while there is no network. Without this script they work too.
"use strict";

const form = document.querySelector("form[data-draft]");
const done = document.querySelector("[data-registered]");
const printing = document.querySelector("form[data-preview]");

if (done) localStorage.removeItem(done.dataset.registered);
if (form) keepDraft(form);
if (printing) printing.addEventListener("change", () => showPreview(printing));

function texts(form) {
  const fields = new FormData(form);
  for (const name of [...new Set(fields.keys())]) {
    if (fields.getAll(name).some((value) => value instanceof File)) fields.delete(name);
  }
  return fields;
}

function keepDraft(form) {
  const status = document.getElementById("saved");
  let timer = 0;
  let sent = "";
  // A file that was chosen is sent at once; what could not be sent stays in its field and goes with the form.
  let waiting = [];

  const say = (words, unsent) => {
    status.textContent = words;
    status.classList.toggle("unsent", unsent);
  };
  const keepHere = () => {
    const fields = [...texts(form)].filter(([name]) => name !== "csrf_token");
    localStorage.setItem(form.dataset.keep, JSON.stringify(fields));
  };
  const post = async (address, body) => {
    const answer = await fetch(address, { method: "POST", body, credentials: "same-origin" });
    if (answer.redirected || answer.status === 400 && !(answer.headers.get("Content-Type") || "").includes("json")) throw new Error("signed out");
    return answer;
  };
  const failed = (error) => say(error.message === "signed out" ? form.dataset.signedOut : form.dataset.offline, true);

  const save = async () => {
    keepHere();
    const body = texts(form);
    const now = new URLSearchParams(body).toString();
    if (now === sent) return;
    try {
      const answer = await post(form.dataset.draft, body);
      const told = await answer.json();
      if (!answer.ok) return say(told.problem, true);
      sent = now;
      // Only what nobody else has is kept on the phone.
      if (now === new URLSearchParams(texts(form)).toString()) localStorage.removeItem(form.dataset.keep);
      say(told.saved, false);
    } catch (error) {
      failed(error);
    }
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(save, 800);
  };

  restore(form, say);
  form.addEventListener("input", (event) => { if (event.target.type !== "file") { keepHere(); soon(); } });
  form.addEventListener("change", (event) => {
    if (event.target.type === "file") waiting.push(sendFiles(form, event.target, post, failed));
  });
  window.addEventListener("online", () => { save(); for (const field of form.querySelectorAll("input[type=file]")) if (field.files.length) waiting.push(sendFiles(form, field, post, failed)); });
  form.addEventListener("submit", async (event) => {
    if (!navigator.onLine) {
      event.preventDefault();
      keepHere();
      return say(form.dataset.offline, true);
    }
    clearTimeout(timer);
    if (waiting.length) {
      event.preventDefault();
      const button = event.submitter;
      const sending = waiting;
      waiting = [];
      await Promise.all(sending);
      // Not within the same event: a form that is being submitted cannot be submitted.
      return setTimeout(() => form.requestSubmit(button));
    }
    keepHere();
  });
}

function restore(form, say) {
  const kept = localStorage.getItem(form.dataset.keep);
  if (!kept) return;
  const fields = JSON.parse(kept);
  for (const box of form.querySelectorAll("input[type=checkbox]")) box.checked = false;
  for (const [name, value] of fields) {
    for (const field of form.elements[name] instanceof RadioNodeList ? form.elements[name] : [form.elements[name]]) {
      if (!field) continue;
      if (field.type === "checkbox") field.checked = field.checked || field.value === value;
      else field.value = value;
    }
  }
  say(form.dataset.restored, false);
}

async function sendFiles(form, field, post, failed) {
  const status = document.getElementById("sending");
  for (const file of [...field.files]) {
    status.textContent = form.dataset.sending.replace("{name}", file.name);
    const body = new FormData();
    body.append("csrf_token", form.elements.csrf_token.value);
    body.append(field.name, await smaller(file), file.name);
    try {
      const answer = await post(form.dataset.files, body);
      if ((answer.headers.get("Content-Type") || "").includes("json")) {
        status.textContent = (await answer.json()).problem;
        field.value = "";
        return;
      }
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      document.getElementById("kept-files").replaceWith(page.getElementById("kept-files"));
    } catch (error) {
      status.textContent = "";
      return failed(error);
    }
  }
  field.value = "";
  status.textContent = "";
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
  } catch {
    // Without network the last preview stays; the server checks the fit again before it issues anything.
  }
}
