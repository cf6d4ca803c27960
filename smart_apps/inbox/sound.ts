let context: AudioContext | undefined;

/** Two short tones, a fifth apart. Browsers play none before the page was first clicked or typed in. */
export function ring(): void {
  try {
    context ??= new AudioContext();
    void context.resume();
    [660, 990].forEach((pitch, n) => {
      if (context === undefined) return;
      const start = context.currentTime + n * 0.22;
      const tone = context.createOscillator();
      const volume = context.createGain();
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(0.0001, start);
      volume.gain.exponentialRampToValueAtTime(0.25, start + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.0001, start + 0.2);
      tone.connect(volume).connect(context.destination);
      tone.start(start);
      tone.stop(start + 0.21);
    });
  } catch {
    // A device without sound still shows the alert.
  }
}
