// Ed25519 (RFC 8032) by the browser itself, or, in one that lacks it, by a library that lies beside this file.

let inBrowser = null;

// Whether 64 bytes are the key's signature over a message. Never throws: what is no key or no signature is no good one.
export async function verify(publicKey, signature, message) {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  inBrowser ??= isThere();
  try {
    if (await inBrowser) {
      const key = await crypto.subtle.importKey("raw", publicKey, { name: "Ed25519" }, false, ["verify"]);
      return await crypto.subtle.verify({ name: "Ed25519" }, key, signature, message);
    }
    const library = await import("./vendor/noble-ed25519.js");
    return await library.verifyAsync(signature, message, publicKey, { zip215: false });
  } catch (error) {
    // A library that could not be fetched is no bad signature.
    if (error instanceof TypeError && /import|fetch|module/i.test(error.message)) throw error;
    return false;
  }
}

async function isThere() {
  try {
    // The base point is a key like any other.
    const key = new Uint8Array(32).fill(0x66);
    key[0] = 0x58;
    await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
    return true;
  } catch {
    return false;
  }
}

// For tests: as in a browser that lacks it, or again as it is.
export function useLibrary(whether) {
  inBrowser = whether ? Promise.resolve(false) : null;
}
