/** What one clerk's page holds while it is open: the room as last told, what was chosen on this screen, and presses on their way. */
import { computed, signal } from '@preact/signals';
import type { MarkKind } from '../../controller/api/contract-session.ts';
import { sessionPath } from '../wire/clerk-rest.ts';
import { GlanceLink } from '../wire/glance-link.ts';
import { Outbox, type OutboxStore } from '../wire/outbox.ts';
import { newPressId } from '../wire/press-id.ts';
import { ask } from '../wire/rest.ts';
import { RoomLink } from '../wire/room-link.ts';
import { meantEntry } from './docket-order.ts';
import { faceOf, isRunning, sessionShown } from './face.ts';
import { nextStep } from './next-step.ts';
import { Press } from './press.ts';
import { newWalkIn } from './walk-in-form.ts';

/** What lies over the middle of the page; it never covers the state of the room, nor the buttons that start and stop. */
export type Sheet =
  /** `pressedMono`: when “told” was pressed; that moment is sent, however long the answer takes. */
  | { readonly is: 'told'; readonly pressedMono: number }
  | { readonly is: 'explain'; readonly session: string }
  | { readonly is: 'fields'; readonly session: string }
  | { readonly is: 'note'; readonly mark: string; readonly kind: MarkKind }
  | { readonly is: 'marks' }
  | { readonly is: 'time' }
  | { readonly is: 'check' }
  /** Null: a new entry. */
  | { readonly is: 'entry'; readonly entry: string | null }
  | { readonly is: 'held'; readonly session: string }
  | { readonly is: 'import' };

const SECOND_MS = 1_000;
/** The same mark twice within this is one hand that trembled. */
const TREMBLE_MS = 400;

export class ClerkDesk {
  readonly link: RoomLink;
  readonly glance: GlanceLink;
  readonly outbox: Outbox;
  /** Start, stop, adjourn: one at a time. */
  readonly press = new Press<'start' | 'stop' | 'adjourn'>();
  /** Apart from it, so that a check on its way never delays a start. */
  readonly checking = new Press<'check'>();
  readonly extending = new Press<'extend'>();
  readonly sheet = signal<Sheet | null>(null);
  readonly tab = signal<'docket' | 'walk-in' | null>(null);
  readonly chosen = signal<string | null>(null);
  readonly dismissed = signal<string | null>(null);
  readonly walkIn = newWalkIn();
  #markedMono = new Map<MarkKind, number>();

  constructor(room: string, person: string) {
    this.link = new RoomLink(room);
    this.glance = new GlanceLink(room);
    this.outbox = new Outbox(person, (path, body) => ask('POST', path, body), storageOrNull());
  }

  readonly view = computed(() => this.link.view.value);
  readonly stale = computed(() => this.link.stale.value);
  /** UTC milliseconds at the controller in whole seconds; 0 before the first snapshot. What is stale does not count on. */
  readonly now = computed(() => {
    const now = this.stale.value ? (this.view.value?.at ?? 0) : (this.link.serverNow.value ?? 0);
    return Math.floor(now / SECOND_MS) * SECOND_MS;
  });
  readonly session = computed(() =>
    this.view.value === null ? null : sessionShown(this.view.value, this.dismissed.value),
  );
  readonly face = computed(() => faceOf(this.view.value, this.dismissed.value));
  /** The tab in front: as chosen, or the docket where there is one. It does not change under somebody's hand when the day is done. */
  readonly tabShown = computed(
    () => this.tab.value ?? ((this.view.value?.docket.length ?? 0) === 0 ? 'walk-in' : 'docket'),
  );
  readonly entryDue = computed(() => meantEntry(this.view.value?.docket ?? [], this.chosen.value, this.now.value));
  /** The line of the docket that a start opens; null: a walk-in. */
  readonly entry = computed(() => (this.tabShown.value === 'docket' ? this.entryDue.value : null));
  readonly step = computed(() => nextStep(this.view.value, this.entry.value, this.now.value, this.dismissed.value));

  start(onLoggedOut: () => void, onReconnected: () => void): void {
    this.link.start(onLoggedOut, onReconnected);
    this.glance.start();
    this.outbox.start();
  }

  close(): void {
    for (const one of [this.press, this.checking, this.extending, this.outbox, this.glance, this.link]) one.close();
  }

  /** True when a press is on its way whose loss by a reload somebody would miss. */
  get isBusy(): boolean {
    return [this.press, this.checking, this.extending].some((one) => one.phase.peek().at === 'asking');
  }

  shut(): void {
    this.sheet.value = null;
  }

  /** Nothing is asked that cannot be done any more; what somebody types that is still good stays open. */
  shutWhatIsOver(isRunning: boolean): void {
    const name = this.sheet.peek()?.is;
    const isOver = isRunning
      ? name === 'check' || name === 'import'
      : name === 'told' || name === 'time' || name === 'note' || name === 'marks';
    if (isOver) this.shut();
  }

  /** A mark at the moment of the finger (monotonic time of this page). Answers its id, or null when it was not taken. */
  mark(kind: MarkKind, pressedMono: number): string | null {
    const session = this.session.peek();
    if (session === null || !isRunning(session) || session.state === 'closing') return null;
    if (pressedMono - (this.#markedMono.get(kind) ?? Number.NEGATIVE_INFINITY) < TREMBLE_MS) return null;
    this.#markedMono.set(kind, pressedMono);
    const id = newPressId();
    const out = { id, path: sessionPath(session.id, 'marks'), body: { press: id, kind }, session: session.id };
    return this.outbox.put({ ...out, what: 'mark' }, pressedMono) ? id : null;
  }
}

/** Storage can be forbidden by policy; presses are then not remembered across a reload. */
function storageOrNull(): OutboxStore | null {
  try {
    return localStorage;
  } catch {
    return null;
  }
}
