/**
 * One process per data folder: a lock that the kernel lets go of by itself when its holder dies, however it dies. It is a
 * socket in Linux' abstract name space, so no stale file can ever stand in the way of a restart.
 */
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { AppError, type ErrorCode, errnoOf } from '../core/errors.ts';

export class FolderLock {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Takes the lock called `role` on a folder, which need not be there: its disk may be away. Rejects with `taken` when another living process holds it. */
  static take(folder: string, role: string, taken: ErrorCode): Promise<FolderLock> {
    const name = `\0quancheng-${role}-${createHash('sha256').update(settled(folder)).digest('hex').slice(0, 32)}`;
    return new Promise((resolve, reject) => {
      const server = createServer((socket) => socket.destroy());
      server.once('error', (error) => {
        const held = errnoOf(error) === 'EADDRINUSE';
        reject(held ? new AppError(taken, `another ${role} is already running on ${folder}`) : error);
      });
      server.listen(name, () => resolve(new FolderLock(server)));
      server.unref();
    });
  }

  release(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

/** The path without links, as far as it exists; the same whether or not a disk is mounted at its end. */
function settled(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(settled(parent), basename(path));
  }
}
