/** The chapters of the centre's index, in the order in which a fact passes them. */
import type { Chapter } from './chapter.ts';
import { deskChapter } from './desk-chapter.ts';
import { events } from './events-chapter.ts';
import { registry } from './registry-chapter.ts';

export const CHAPTERS: readonly Chapter[] = [registry, events, deskChapter];
