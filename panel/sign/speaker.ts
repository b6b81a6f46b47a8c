/** Speaks a notice aloud, once per order, and says what became of it. A browser may forbid sound that nobody asked for by a touch. */

export type SpeakerOutcome = 'begun' | 'ended' | 'blocked' | 'failed';

export class Speaker {
  readonly #tell: (speak: string, outcome: SpeakerOutcome) => void;
  #last: string | null = null;
  #audio: HTMLAudioElement | null = null;

  constructor(tell: (speak: string, outcome: SpeakerOutcome) => void) {
    this.#tell = tell;
  }

  /** The newest order, or null. The same order again changes nothing; what is being spoken is spoken to its end. */
  follow(speak: { readonly id: string; readonly audio: string } | null): void {
    if (speak === null || speak.id === this.#last) return;
    this.#last = speak.id;
    this.#audio?.pause();
    const audio = new Audio(speak.audio);
    this.#audio = audio;
    let isOver = false;
    const tell = (outcome: SpeakerOutcome): void => {
      if (isOver) return;
      isOver = outcome !== 'begun';
      this.#tell(speak.id, outcome);
    };
    audio.addEventListener('playing', () => tell('begun'), { once: true });
    audio.addEventListener('ended', () => tell('ended'), { once: true });
    audio.addEventListener('error', () => tell('failed'), { once: true });
    audio.play().catch((error: unknown) => {
      tell(error instanceof DOMException && error.name === 'NotAllowedError' ? 'blocked' : 'failed');
    });
  }

  close(): void {
    this.#audio?.pause();
    this.#audio = null;
  }
}
