/** How commands, people and what they did become rows of the index. */
import type { Chapter } from './chapter.ts';
import { projectCommand } from './commands/command-rows.ts';
import { addToTrail, projectDoor } from './door/door-rows.ts';

export const deskChapter: Chapter = {
  schema: new URL('desk.sql', import.meta.url),
  take(sql, fact, at) {
    const atMs = Math.round(at.wallMs);
    switch (fact.type) {
      case 'command-given': {
        projectCommand(sql, fact, atMs);
        const { by, kind: did, command: object, site } = fact;
        if (by !== null) addToTrail(sql, { at: atMs, who: by.person, did, object, site, source: by.address });
        return;
      }
      case 'command-answered':
      case 'command-ended':
        projectCommand(sql, fact, atMs);
        return;
      case 'person-added':
      case 'secret-given':
      case 'person-removed':
      case 'audit':
        projectDoor(sql, fact, atMs);
    }
  },
};
