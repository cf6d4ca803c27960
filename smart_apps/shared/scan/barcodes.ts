/** Barcodes and their kinds as wristbands have them: https://wicg.github.io/shape-detection-api/#barcode-detection-api */
const FORMATS = ["code_128", "data_matrix", "qr_code", "aztec", "code_39", "pdf417"];
const EVERY_MS = 150;

interface Detector {
  detect(image: HTMLVideoElement): Promise<{ rawValue: string }[]>;
}

type DetectorClass = new (options: { formats: string[] }) => Detector;

function detectorClass(): DetectorClass | undefined {
  return (globalThis as { BarcodeDetector?: DetectorClass }).BarcodeDetector;
}

/** Whether this browser reads barcodes by its camera. Where it doesn't, a scanner types into the field. */
export function canScan(): boolean {
  // Without a secure connection there is no camera.
  return detectorClass() !== undefined && (navigator as { mediaDevices?: MediaDevices }).mediaDevices !== undefined;
}

/** Reads the first barcode that the camera sees, and lets the camera go. Raises when there is none, or it isn't allowed, or on abort. */
export async function scan(video: HTMLVideoElement, signal: AbortSignal): Promise<string> {
  const Class = detectorClass();
  if (Class === undefined) throw new Error("no BarcodeDetector");
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  try {
    video.srcObject = stream;
    await video.play();
    const detector = new Class({ formats: FORMATS });
    for (;;) {
      signal.throwIfAborted();
      const [found] = await detector.detect(video);
      if (found !== undefined && found.rawValue.trim() !== "") return found.rawValue.trim();
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  } finally {
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  }
}
