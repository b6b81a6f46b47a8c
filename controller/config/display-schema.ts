/** What stands in rooms and at doors, as the site configuration says it: displays, the spoken notice, lamps. */
import { extname } from 'node:path';
import { z } from 'zod';
import { brokerUrl, file, httpUrl, id, loginName, text } from './parts.ts';

/** A display that is asked for every two seconds and silent for less than this has only lost an answer or two. */
const DARK_AFTER_MIN_S = 5;
const DARK_AFTER_MAX_S = 600;
const DEFAULT_DARK_AFTER_S = 15;
const DEFAULT_SPEED = 150;
const SPEED_MIN = 80;
const SPEED_MAX = 400;
const RECORDING_ENDINGS = ['.mp3', '.m4a', '.ogg', '.opus', '.wav', '.flac'];
const TOPIC_PATTERN = /^[^+#\0]{1,200}$/;

export const displaySchema = z
  .strictObject({
    id,
    name: text,
    shows: z.enum(['room', 'hall']).default('room'),
    room: id.nullable().default(null),
    loudspeaker: z.boolean().default(false),
    mandatory: z.boolean().default(true),
    darkAfterS: z.number().min(DARK_AFTER_MIN_S).max(DARK_AFTER_MAX_S).default(DEFAULT_DARK_AFTER_S),
  })
  .refine((value) => value.shows === 'hall' || value.room !== null, 'must name the room that it shows')
  .refine((value) => value.shows === 'room' || !value.loudspeaker, 'can have a loudspeaker only when it shows a room');

export const speechSchema = z.strictObject({
  program: z.string().min(1, 'must not be empty').default('espeak-ng'),
  voice: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9+-]{0,39}$/, 'must be the name of a voice, for example cmn')
    .default('cmn'),
  speed: z.int().min(SPEED_MIN).max(SPEED_MAX).default(DEFAULT_SPEED),
  recordings: z
    .array(
      z.strictObject({
        notice: z.string().min(1, 'must not be empty'),
        version: z.int().min(1),
        file: file.refine(
          (value) => RECORDING_ENDINGS.includes(extname(value).toLowerCase()),
          `must end in one of ${RECORDING_ENDINGS.join(' ')}`,
        ),
      }),
    )
    .default([]),
});

const word = z.string().max(1_000);

const drive = z.union(
  [
    z.strictObject({
      http: z.strictObject({ on: httpUrl, off: httpUrl, method: z.enum(['get', 'post']).default('get') }),
    }),
    z.strictObject({
      mqtt: z.strictObject({
        url: brokerUrl.optional(),
        topic: z.string().regex(TOPIC_PATTERN, 'must be a topic without + and #'),
        on: word.default('on'),
        off: word.default('off'),
      }),
    }),
  ],
  'must have either http (on and off, addresses without a login) or mqtt (a topic)',
);

export const indicatorSchema = z.strictObject({
  id,
  room: id,
  name: text,
  drive,
  login: loginName.nullable().default(null),
});

export type DisplayFile = z.output<typeof displaySchema>;
export type SpeechFile = z.output<typeof speechSchema>;
export type IndicatorFile = z.output<typeof indicatorSchema>;
