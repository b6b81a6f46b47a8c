/** What displays and signs say, as the contract has it. A wall is told nothing but what hangs on it. */
import type { DisplaySnapshot, GlanceSnapshot, SignsSnapshot } from '../core/sign-desk.ts';
import type { DisplayView, GlanceView, SignsView } from './contract-display.ts';
import { roomName } from './wire.ts';
import { wordingView } from './wording-view.ts';

export function displayView({
  display,
  room,
  at,
  face,
  since,
  notice,
  next,
  key,
  speak,
}: DisplaySnapshot): DisplayView {
  return {
    ...{ display, at, face, since, next, key },
    room: room === null ? null : roomName(room),
    notice: wordingView(notice),
    speak: speak === null ? null : { id: speak.id, audio: `/api/v1/speech/${speak.text}` },
  };
}

export function signsView({ displays, speech, lamps }: SignsSnapshot): SignsView {
  return { displays: displays.map((one) => ({ ...one })), speech, lamps: lamps.map((one) => ({ ...one })) };
}

export function glanceView(room: string, { at, streams }: GlanceSnapshot): GlanceView {
  return {
    at,
    streams: streams.map((stream) => ({
      ...stream,
      still: stream.still === null ? null : `/api/v1/rooms/${room}/streams/${stream.id}/still.jpg?of=${stream.still}`,
    })),
  };
}
