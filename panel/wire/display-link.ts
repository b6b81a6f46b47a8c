/**
 * Keeps a display informed and says what it has painted. Views come by socket and with every answer; acknowledgements go by request,
 * so that a socket which still stands while nothing gets through is no proof of anything.
 */
import type { DisplayView, PaintedRequest, SpokenRequest } from '../../controller/api/contract-display.ts';
import { holderOf } from '../sign/holder.ts';
import { type Answer, sayPainted, saySpoken } from './rest.ts';
import { WallLink } from './wall-link.ts';

export class DisplayLink extends WallLink<DisplayView> {
  readonly #holder = holderOf();

  constructor(display: string) {
    super('display', display, (view) => view.display.id);
  }

  async painted(painted: Omit<PaintedRequest, 'holder'>): Promise<void> {
    this.#answered(await sayPainted(this.id, { ...painted, holder: this.#holder }));
  }

  async spoken(spoken: Omit<SpokenRequest, 'holder'>): Promise<void> {
    this.#answered(await saySpoken(this.id, { ...spoken, holder: this.#holder }));
  }

  #answered(answer: Answer<DisplayView>): void {
    if (answer.outcome === 'ok') {
      this.refusal.value = null;
      this.take(answer.value);
    } else if (answer.outcome === 'refused') {
      this.refusal.value = answer.refusal.code;
    }
  }
}
