/** The desk of this site: resolves, checks, audits, and hands over to those who do the work. */
import { hasRoom, mayDo } from '../core/authority.ts';
import type {
  Caller,
  Desk,
  MayInRoom,
  MediaFile,
  OpenPress,
  RecallSnapshot,
  ReviewSnapshot,
  RoomSnapshot,
  SignSnapshot,
  StreamMedia,
} from '../core/desk.ts';
import { AppError } from '../core/errors.ts';
import type { SegmentFact } from '../core/facts.ts';
import type { HearingDesk, SessionSnapshot } from '../core/hearing-desk.ts';
import type { Door, Staff } from '../core/people-desk.ts';
import { claimEndOf, holdsClaims, type OpenedSession } from '../core/session.ts';
import type { SignDesk } from '../core/sign-desk.ts';
import type { SiteIndex } from '../core/site-index.ts';
import type { RoomPlan, SitePlan } from '../core/site-plan.ts';
import type { Clock } from '../core/time.ts';
import type { Authority } from './authority.ts';
import { openedOnly } from './hearings.ts';
import type { Leases } from './leases.ts';
import type { MediaAudit } from './media-audit.ts';
import type { Recalling } from './recalling.ts';
import type { Rooms } from './rooms.ts';
import type { SessionViews } from './session-views.ts';
import type { Sessions } from './sessions.ts';
import type { Signs } from './signs.ts';
import type { Watchers } from './watchers.ts';
import type { Whereabouts } from './whereabouts.ts';

export interface SiteDeskOptions {
  readonly plan: SitePlan;
  readonly index: SiteIndex;
  readonly clock: Clock;
  readonly authority: Authority;
  readonly door: Door;
  readonly staff: Staff;
  readonly rooms: Rooms;
  readonly views: SessionViews;
  readonly hearings: HearingDesk;
  readonly sessions: Sessions;
  readonly leases: Leases;
  readonly signs: Signs;
  readonly watchers: Watchers;
  readonly audit: MediaAudit;
  readonly wish: () => void;
  /** Absolute path of a segment's file. */
  readonly pathOf: (segment: SegmentFact) => string;
  readonly whereabouts: Whereabouts;
  readonly recalling: Recalling;
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
    this.wakeRoom(id);
    return rooms.snapshot(room);
  }

  get signs(): SignDesk {
    return this.#options.signs;
  }

  get hearings(): HearingDesk {
    return this.#options.hearings;
  }

  mayIn({ person }: Caller, { room, session }: RoomSnapshot): MayInRoom {
    const runs = session?.state === 'opening' || session?.state === 'open';
    const may = mayDo(person, 'record', room.id);
    return {
      ...{ open: may && !runs, close: may && runs, extend: may && runs },
      annotate: mayDo(person, 'annotate', room.id),
      schedule: mayDo(person, 'schedule', room.id),
      check: mayDo(person, 'check', room.id),
    };
  }

  sign(id: string): SignSnapshot {
    return this.#options.signs.sign(this.#roomForAnybody(id));
  }

  async open(caller: Caller, id: string, press: OpenPress): Promise<{ session: SessionSnapshot; isNew: boolean }> {
    const { authority, sessions, views } = this.#options;
    const { room } = authority.resolve(caller, { room: id }, 'record');
    const { kind, matter, fields = {} } = press;
    const opening = sessions.open(room.id, press.press, { kind, matter, fields, by: caller.person.id });
    this.wakeRoom(room.id);
    const { session, isNew } = await opening;
    return { session: views.session(session), isNew };
  }

  async close(caller: Caller, id: string): Promise<SessionSnapshot> {
    const { sessions, views } = this.#options;
    return views.session(await sessions.closeSession(this.#session(caller, id, 'record').session, caller.person.id));
  }

  sessions(caller: Caller, room: string | null, limit: number): readonly SessionSnapshot[] {
    const { authority, index, views } = this.#options;
    const wanted =
      room === null
        ? authority.rooms(caller, 'look').map((one) => one.id)
        : [authority.resolve(caller, { room }, 'look').room.id];
    return index.sessions(wanted, limit).map((session) => views.session(session));
  }

  session(caller: Caller, id: string): SessionSnapshot {
    return this.#options.views.session(this.#session(caller, id, 'look').session);
  }

  async review(caller: Caller, id: string): Promise<ReviewSnapshot> {
    const { index, views, audit, clock } = this.#options;
    const { session, room } = this.#session(caller, id, 'review');
    await audit.record(caller, 'review', session.id, room.id);
    const snapshot = views.session(session);
    return {
      session: snapshot,
      from: session.from.wallMs,
      to: claimEndOf(session)?.wallMs ?? clock.now().wallMs,
      streams: snapshot.streams.map(({ id: stream, name, kind }) => ({
        id: stream,
        name,
        kind,
        segments: index.segmentsOf(session.id, stream).map(({ fact, receiptedAt, removedAt }) => ({
          id: fact.seg,
          from: Math.round(fact.from.wallMs),
          to: Math.round(fact.to.wallMs),
          bytes: fact.bytes,
          sha256: fact.sha256,
          receiptedAt: receiptedAt?.wallMs ?? null,
          place: removedAt === null ? 'here' : 'centre',
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

  async media(caller: Caller, seg: string, gone: AbortSignal): Promise<MediaFile> {
    const { audit, pathOf, whereabouts, recalling } = this.#options;
    const { segment, room } = this.#segment(caller, seg);
    const { bytes, sha256 } = segment;
    await audit.record(caller, 'play', segment.seg, room.id);
    if (whereabouts.whereIs(segment) === 'here') return { seg, path: pathOf(segment), bytes, sha256 };
    if (recalling.standing(segment).state !== 'here') await audit.record(caller, 'recall', segment.seg, room.id);
    return { seg, path: await recalling.bring(segment, gone), bytes, sha256 };
  }

  recall(caller: Caller, seg: string): RecallSnapshot {
    const { whereabouts, recalling } = this.#options;
    const { segment } = this.#segment(caller, seg);
    const { bytes } = segment;
    if (whereabouts.whereIs(segment) === 'here') return { state: 'here', bytes, bytesHere: bytes, trouble: null };
    return { bytes, ...recalling.standing(segment) };
  }

  watchRoom(caller: Caller, id: string, listener: (snapshot: RoomSnapshot) => void): () => void {
    const { authority, rooms, watchers } = this.#options;
    const { room } = authority.resolve(caller, { room: id }, 'look');
    return watchers.watch(room.id, () => listener(rooms.snapshot(room)));
  }

  watchSign(id: string, listener: (snapshot: SignSnapshot) => void): () => void {
    const { signs, watchers } = this.#options;
    const room = this.#roomForAnybody(id);
    return watchers.watch(room.id, () => listener(signs.sign(room)));
  }

  /** The room is in use: arm its cameras. */
  wakeRoom(room: string): void {
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

  #segment(caller: Caller, id: string): { segment: SegmentFact; room: RoomPlan } {
    const { segment, room } = this.#options.authority.resolve(caller, { segment: id }, 'review');
    if (segment === null) throw new AppError('segment-unknown', `there is no segment ${id}`);
    return { segment, room };
  }

  #session(caller: Caller, id: string, act: 'look' | 'record' | 'review'): { session: OpenedSession; room: RoomPlan } {
    const { session, room } = this.#options.authority.resolve(caller, { session: id }, act);
    if (session === null) throw new AppError('session-unknown', `there is no session ${id}`);
    return { session: openedOnly(session), room };
  }
}
