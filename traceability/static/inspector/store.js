// What the phone keeps: the pinned root key, the pack, and what waits to be sent. Each write is one transaction.

const NAME = "traceability-inspector";
let opened = null;

function open() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("kept");
      request.result.createObjectStore("waiting", { keyPath: "id" });
    };
    request.onsuccess = () => {
      // Another tab with a newer release must not wait for this one.
      request.result.onversionchange = () => {
        request.result.close();
        opened = null;
      };
      // The phone was short of room and threw it away: the next act begins anew, with nothing.
      request.result.onclose = () => (opened = null);
      resolve(request.result);
    };
    request.onerror = () => {
      opened = null;
      reject(request.error);
    };
  });
  return opened;
}

async function act(stores, mode, work) {
  const database = await open();
  return new Promise((resolve, reject) => {
    // Strict: on the disk before it is said to be kept.
    const transaction = database.transaction(stores, mode, { durability: "strict" });
    const made = work(transaction);
    transaction.oncomplete = () => resolve(made instanceof IDBRequest ? made.result : made);
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}

export function get(key) {
  return act(["kept"], "readonly", (transaction) => transaction.objectStore("kept").get(key));
}

// All of an object's values at once; `undefined` removes one.
export function put(values) {
  return act(["kept"], "readwrite", (transaction) => {
    const kept = transaction.objectStore("kept");
    for (const [key, value] of Object.entries(values)) value === undefined ? kept.delete(key) : kept.put(value, key);
  });
}

// Keeps a pack, unless a newer one is there, which another tab may have got meanwhile; false where it is.
export function putPack(pack) {
  let isKept = true;
  return act(["kept"], "readwrite", (transaction) => {
    const kept = transaction.objectStore("kept");
    const asked = kept.get("pack");
    asked.onsuccess = () => {
      isKept = !(asked.result && asked.result.number > pack.number);
      if (isKept) kept.put(pack, "pack");
      kept.delete("partial");
    };
  }).then(() => isKept);
}

export function queue(item) {
  return act(["waiting"], "readwrite", (transaction) => transaction.objectStore("waiting").put(item));
}

export function unqueue(ids) {
  return act(["waiting"], "readwrite", (transaction) => ids.forEach((id) => transaction.objectStore("waiting").delete(id)));
}

// What waits, oldest first.
export async function waiting() {
  const found = await act(["waiting"], "readonly", (transaction) => transaction.objectStore("waiting").getAll());
  return found.sort((one, other) => one.at - other.at || (one.id < other.id ? -1 : 1));
}
