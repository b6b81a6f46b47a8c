/** The desk of this site: resolves, checks, audits, and hands over to those who do the work. */
import { hasRoom, mayDo } from '../core/authority.ts';
import type {
  Caller,
  Desk,
  MediaFile,
  OpenPress,
  ReviewSnapshot,
  RoomSnapshot,
  SessionSnapshot,
  SignSnapshot,
  StreamMedia,
} from '../core/desk.ts';
import { AppError } from '../core/errors.ts';
import type { SegmentFact } from '../core/facts.ts';
import type { Door, Staff } from '../core/people-desk.ts';
import { claimEndOf, holdsClaims, type Session } from '../core/session.ts';
import type { SiteIndex } from '../core/site-index.ts';
import type { RoomPlan, SitePlan } from '../core/site-plan.ts';
import type { Clock } from '../core/time.ts';
import type { Authority } from './authority.ts';
import type { Leases } from './leases.ts';
import type { MediaAudit } from './media-audit.ts';
import type { Rooms } from './rooms.ts';
import type { Sessions } from './sessions.ts';
import type { Watchers } from './watchers.ts';

export interface SiteDeskOptions {
  readonly plan: SitePlan;
  readonly index: SiteIndex;
  readonly clock: Clock;
  readonly authority: Authority;
  readonly door: Door;
  readonly staff: Staff;
  readonly rooms: Rooms;
  readonly sessions: Sessions;
  readonly leases: Leases;
  readonly watchers: Watchers;
  readonly audit: MediaAudit;
  readonly wish: () => void;
  /** Absolute path of a segment's file. */
  readonly pathOf: (segment: SegmentFact) => string;
}

export class SiteDesk implements Desk {
  readonly #options: SiteDeskOptions;

  constructor(options: SiteDeskOptions) {
    this.#options = options;
  }

  site() {
    const { name, nameEn, demo } = this.#options.plan.site;
    return { name, nameEn, demo };
  }

  now(): number {
    return this.#options.clock.now().wallMs;
  }

  get door(): Door {
    return this.#options.door;
  }

  get staff(): Staff {
    return this.#options.staff;
  }

  roomsOf(caller: Caller): readonly RoomPlan[] {
    return this.#options.plan.rooms.filter((room) => hasRoom(caller.person, room.id));
  }

  room(caller: Caller, id: string): RoomSnapshot {
    const { authority, rooms } = this.#options;
    return rooms.snapshot(authority.resolve(caller, { room: id }, 'look').room);
  }

  wake(caller: Caller, id: string): RoomSnapshot {
    const { authority, rooms } = this.#options;
    const { room } = authority.resolve(caller, { room: id }, 'wake');
    this.#wake(id);
    return rooms.snapshot(room);
  }

  mayIn({ person }: Caller, { room, session }: RoomSnapshot): { open: boolean; close: boolean } {
    const runs = session?.state === 'opening' || session?.state === 'open';
    const may = mayDo(person, 'record', room.id);
    return { open: may && !runs, close: may && runs };
  }

  sign(id: string): SignSnapshot {
    return this.#options.rooms.sign(this.#roomForAnybody(id));
  }

  async open(caller: Caller, id: string, press: OpenPress): Promise<{ session: SessionSnapshot; isNew: boolean }> {
    const { authority, sessions, rooms } = this.#options;
    const { room } = authority.resolve(caller, { room: id }, 'record');
    const { kind, matter } = press;
    const opening = sessions.open(room.id, press.press, { kind, matter, by: caller.person.id });
    this.#wake(room.id);
    const { session, isNew } = await opening;
    return { session: rooms.session(session), isNew };
  }

  async close(caller: Caller, id: string): Promise<SessionSnapshot> {
    const { sessions, rooms } = this.#options;
    return rooms.session(await sessions.closeSession(this.#session(caller, id, 'record').session, caller.person.id));
  }

  sessions(caller: Caller, room: string | null, limit: number): readonly SessionSnapshot[] {
    const { authority, index, rooms } = this.#options;
    const wanted =
      room === null
        ? authority.rooms(caller, 'look').map((one) => one.id)
        : [authority.resolve(caller, { room }, 'look').room.id];
    return index.sessions(wanted, limit).map((session) => rooms.session(session));
  }

  session(caller: Caller, id: string): SessionSnapshot {
    return this.#options.rooms.session(this.#session(caller, id, 'look').session);
  }

  async review(caller: Caller, id: string): Promise<ReviewSnapshot> {
    const { index, rooms, audit, clock } = this.#options;
    const { session, room } = this.#session(caller, id, 'review');
    await audit.record(caller, 'review', session.id, room.id);
    const snapshot = rooms.session(session);
    return {
      session: snapshot,
      from: session.from.wallMs,
      to: claimEndOf(session)?.wallMs ?? clock.now().wallMs,
      streams: snapshot.streams.map(({ id: stream, name, kind }) => ({
        id: stream,
        name,
        kind,
        segments: index.segmentsOf(session.id, stream).map(({ fact, receiptedAt }) => ({
          id: fact.seg,
          from: Math.round(fact.from.wallMs),
          to: Math.round(fact.to.wallMs),
          bytes: fact.bytes,
          sha256: fact.sha256,
          receiptedAt: receiptedAt?.wallMs ?? null,
        })),
        gaps: snapshot.gaps.filter((gap) => gap.stream === stream),
      })),
    };
  }

  async streamMedia(caller: Caller, id: string, stream: string): Promise<StreamMedia> {
    const { index, audit } = this.#options;
    const { session, room } = this.#session(caller, id, 'review');
    if (!session.streams.some((one) => one.stream === stream)) {
      throw new AppError('not-found', `session ${session.id} has no stream ${stream}`);
    }
    await audit.record(caller, 'review', session.id, room.id);
    return {
      isWhole: !holdsClaims(session),
      segments: index.segmentsOf(session.id, stream).map((row) => row.fact),
    };
  }

  async media(caller: Caller, seg: string): Promise<MediaFile> {
    const { authority, audit, pathOf } = this.#options;
    const { segment, room } = authority.resolve(caller, { segment: seg }, 'review');
    if (segment === null) throw new AppError('segment-unknown', `there is no segment ${seg}`);
    await audit.record(caller, 'play', segment.seg, room.id);
    return { seg: segment.seg, path: pathOf(segment), bytes: segment.bytes, sha256: segment.sha256 };
  }

  watchRoom(caller: Caller, id: string, listener: (snapshot: RoomSnapshot) => void): () => void {
    const { authority, rooms, watchers } = this.#options;
    const { room } = authority.resolve(caller, { room: id }, 'look');
    return watchers.watch(room.id, () => listener(rooms.snapshot(room)));
  }

  watchSign(id: string, listener: (snapshot: SignSnapshot) => void): () => void {
    const { rooms, watchers } = this.#options;
    const room = this.#roomForAnybody(id);
    return watchers.watch(room.id, () => listener(rooms.sign(room)));
  }

  #wake(room: string): void {
    const { leases, wish, watchers } = this.#options;
    if (!leases.wake(room)) return;
    wish();
    watchers.changed(room);
  }

  /** What hangs on the wall is for everybody. */
  #roomForAnybody(id: string): RoomPlan {
    const room = this.#options.rooms.room(id);
    if (room === null) throw new AppError('room-unknown', `there is no room ${id}`);
    return room;
  }

  #session(caller: Caller, id: string, act: 'look' | 'record' | 'review'): { session: Session; room: RoomPlan } {
    const { session, room } = this.#options.authority.resolve(caller, { session: id }, act);
    if (session === null) throw new AppError('session-unknown', `there is no session ${id}`);
    return { session, room };
  }
}
