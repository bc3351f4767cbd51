// Symbols in pictures: by the browser's own reader where there is one, otherwise by one that lies beside this file.

let reader = null;

// Gives a function that finds the texts of all QR symbols in a video, a canvas or a picture.
export function symbolReader() {
  reader ??= ownReader().then((own) => own ?? wasmReader());
  return reader;
}

async function ownReader() {
  if (!("BarcodeDetector" in window)) return null;
  try {
    if (!(await BarcodeDetector.getSupportedFormats()).includes("qr_code")) return null;
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    return async (source) => (await detector.detect(source)).map((found) => found.rawValue);
  } catch {
    return null;
  }
}

async function wasmReader() {
  const { prepareZXingModule, readBarcodes } = await import("./vendor/zxing/reader/index.js");
  const locateFile = (name) => new URL(`./vendor/zxing/${name}`, import.meta.url).href;
  await prepareZXingModule({ overrides: { locateFile }, fireImmediately: true });
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  return async (source) => {
    const width = source.videoWidth ?? source.naturalWidth ?? source.width;
    const height = source.videoHeight ?? source.naturalHeight ?? source.height;
    if (!width || !height) return [];
    // A symbol that fills a tenth of the view still has four dots a module at this width.
    const scale = Math.min(1, 1600 / Math.max(width, height));
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    context.drawImage(source, 0, 0, canvas.width, canvas.height);
    const options = { formats: ["QRCode"], maxNumberOfSymbols: 24, tryHarder: true, tryInvert: false };
    const found = await readBarcodes(context.getImageData(0, 0, canvas.width, canvas.height), options);
    return found.filter((symbol) => symbol.isValid).map((symbol) => symbol.text);
  };
}

// Shows what the camera sees in a video and calls `seen` with the texts in view, until it is stopped.
export class Camera {
  constructor(video, seen) {
    this.video = video;
    this.seen = seen;
    this.stream = null;
  }

  async start() {
    const wanted = { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1080 } };
    this.stream = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
    this.video.srcObject = this.stream;
    await this.video.play();
    const read = await symbolReader();
    const stream = this.stream;
    while (this.stream === stream) {
      const texts = this.video.readyState >= 2 ? await read(this.video).catch(() => []) : [];
      if (this.stream === stream && texts.length) this.seen([...new Set(texts)]);
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
  }

  get hasTorch() {
    return Boolean(this.stream?.getVideoTracks()[0]?.getCapabilities?.().torch);
  }

  async light(on) {
    await this.stream?.getVideoTracks()[0]?.applyConstraints({ advanced: [{ torch: on }] });
  }

  stop() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
    this.video.srcObject = null;
  }
}
