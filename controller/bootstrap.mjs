/**
 * What a fresh machine with Node and nothing else needs before the program can run: Debian packages, npm packages, the build.
 * Runs before node_modules exists, so it is plain JavaScript over Node's own modules. It asks for each thing first and does
 * only what is missing, so a second start costs a fraction of a second.
 *
 *   node controller/bootstrap.mjs start [options of demo]   set up, build, run the one-machine default
 *   node controller/bootstrap.mjs test  [options of vitest] set up, build, run every test
 *   node controller/bootstrap.mjs build                     npm packages and dist/ only
 *
 * Exit code 2: something is missing that only a person can put right, and the text says what to type. 1: a step failed.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const DIST = join(ROOT, 'dist');
const MODULES = join(ROOT, 'node_modules');
const PROGRAM = join(DIST, 'controller', 'main.js');
const NODE_OLDEST = [20, 20];
/** Another set-up of the same folder may be compiling; past this it is taken for stuck. */
const LOCK_PATIENCE_MS = 15 * 60_000;
const LOCK_ASK_MS = 200;
const APT_LOCK_PATIENCE_S = 180;
/** Lines of a failed step's own output that are worth showing. */
const FAILURE_LINES = 30;

/** Debian's name of each thing, and how to see that it is there whoever put it there. */
const TO_RECORD = [
  { debian: 'ffmpeg', there: () => programIsThere('ffmpeg') && programIsThere('ffprobe') },
  { debian: 'fonts-wqy-zenhei', there: () => existsSync('/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc') },
  // Speaks the notice aloud where a site has no recording of it.
  { debian: 'espeak-ng', there: () => programIsThere('espeak-ng') },
];
const TO_TEST = [
  { debian: 'mosquitto', there: () => programIsThere('mosquitto') },
  { debian: 'chromium', there: () => programIsThere('chromium') },
  { debian: 'openssl', there: () => programIsThere('openssl') },
  // Its own checker of units.
  { debian: 'systemd', there: () => programIsThere('systemd-analyze') },
  // Two independent RTSP servers that the recorder is checked against; VLC without its screen part.
  { debian: 'vlc-bin', there: () => programIsThere('cvlc') },
  { debian: 'vlc-plugin-base', there: () => packageIsThere('vlc-plugin-base') },
  { debian: 'python3-gi', there: () => packageIsThere('python3-gi') },
  { debian: 'gir1.2-gst-rtsp-server-1.0', there: () => packageIsThere('gir1.2-gst-rtsp-server-1.0') },
  { debian: 'gstreamer1.0-plugins-base', there: () => packageIsThere('gstreamer1.0-plugins-base') },
  { debian: 'gstreamer1.0-plugins-good', there: () => packageIsThere('gstreamer1.0-plugins-good') },
  // The fault suite: wall clocks that step, and a small library between the recorder and its disk, compiled on the spot.
  { debian: 'faketime', there: () => packageIsThere('faketime') },
  { debian: 'gcc', there: () => programIsThere('gcc') },
  { debian: 'libc6-dev', there: () => packageIsThere('libc6-dev') },
];
/** Only where no ready-made binary of better-sqlite3 can be fetched. */
const TO_COMPILE = [
  { debian: 'python3', there: () => programIsThere('python3') },
  { debian: 'make', there: () => programIsThere('make') },
  { debian: 'g++', there: () => programIsThere('g++') },
];

/** Ends the set-up with a sentence and an exit code. */
class Stop extends Error {
  constructor(exitCode, message) {
    super(message);
    this.exitCode = exitCode;
  }
}

async function main([mode, ...rest]) {
  checkNode();
  if (mode === 'start') {
    installFromDebian(TO_RECORD);
    prepare();
    return run(process.execPath, [PROGRAM, 'demo', ...rest]);
  }
  if (mode === 'test') {
    installFromDebian([...TO_RECORD, ...TO_TEST]);
    prepare();
    return run(process.execPath, [join(ROOT, 'test', 'run.mjs'), ...rest]);
  }
  if (mode === 'build') {
    prepare();
    return 0;
  }
  throw new Stop(2, 'usage: node controller/bootstrap.mjs start | test | build');
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = NODE_OLDEST;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw new Stop(
    2,
    `Node ${NODE_OLDEST.join('.')} or newer is needed, this is ${process.versions.node}. Install Node 22 or 24 and start again.`,
  );
}

function prepare() {
  const unlock = lock();
  try {
    installFromNpm();
    buildProgram();
    buildPanel();
    linkCommand();
  } finally {
    unlock();
  }
}

// ── Debian packages ──────────────────────────────────────────────────────────────────────────────────────────────────────

function programIsThere(name) {
  // Services live in sbin, which the path of ordinary users lacks.
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return statSync(join(folder, name)).isFile();
    } catch {
      return false;
    }
  });
}

function packageIsThere(name) {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholder.
  const asked = spawnSync('dpkg-query', ['-W', '-f', '${Status}', name], { encoding: 'utf8' });
  return asked.status === 0 && asked.stdout.includes('install ok installed');
}

function installFromDebian(wanted) {
  const missing = wanted.filter((one) => !one.there()).map((one) => one.debian);
  if (missing.length === 0) return;
  const list = missing.join(' ');
  if (!programIsThere('apt-get')) {
    throw new Stop(
      2,
      `missing: ${missing.join(', ')}. Install them with this system's package manager and start again.`,
    );
  }
  const install = ['install', '-y', '--no-install-recommends', '-o', `DPkg::Lock::Timeout=${APT_LOCK_PATIENCE_S}`];
  const asRoot = process.getuid?.() === 0;
  if (!asRoot && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status !== 0) {
    const sudo = programIsThere('sudo') ? 'sudo ' : '';
    const who = sudo === '' ? ' as root' : '';
    throw new Stop(
      2,
      `missing: ${missing.join(', ')}. Type this${who} and start again:\n  ${sudo}apt-get update && ${sudo}apt-get install -y --no-install-recommends ${list}`,
    );
  }
  const [command, before] = asRoot
    ? ['apt-get', []]
    : ['sudo', ['-n', 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get']];
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  say(`installing from Debian: ${missing.join(', ')}`);
  step('apt-get update', command, [...before, 'update'], env);
  step('apt-get install', command, [...before, ...install, ...missing], env);
}

// ── npm packages ─────────────────────────────────────────────────────────────────────────────────────────────────────────

function installFromNpm() {
  const lockFile = join(ROOT, 'package-lock.json');
  const stampFile = join(MODULES, '.quancheng');
  // Native packages are built for one Node, so a new Node installs them again.
  const stamp = `${createHash('sha256').update(readFileSync(lockFile)).digest('hex')} ${process.versions.modules}`;
  if (readIfThere(stampFile) === stamp) return;
  if (!installedAsLocked(lockFile) || !nativePackagesWork()) {
    say('installing npm packages');
    rmSync(MODULES, { recursive: true, force: true });
    // Not `npm ci`: it refuses a lock file that leaves out the optional packages of platforms this program does not run on.
    const install = ['install', '--no-save', '--include=dev', '--no-audit', '--no-fund'];
    const first = quietly('npm', install);
    if (first.error !== undefined)
      throw new Stop(2, 'npm is missing. Install it (it comes with Node) and start again.');
    if (first.status !== 0) {
      if (TO_COMPILE.every((one) => one.there())) throw failure('npm install', first);
      installFromDebian(TO_COMPILE);
      step('npm install', 'npm', install);
    }
    if (!nativePackagesWork()) {
      throw new Stop(1, 'better-sqlite3 was installed but cannot open a database; see npm rebuild better-sqlite3.');
    }
  }
  writeFileSync(stampFile, stamp);
}

/** True when npm's own record of what lies in node_modules names the versions of the lock file. */
function installedAsLocked(lockFile) {
  const record = readIfThere(join(MODULES, '.package-lock.json'));
  if (record === null) return false;
  const installed = JSON.parse(record).packages;
  const locked = Object.entries(JSON.parse(readFileSync(lockFile, 'utf8')).packages);
  return locked.every(([path, wanted]) => {
    const optional = wanted.optional === true || wanted.devOptional === true || wanted.peer === true;
    return path === '' || (installed[path]?.version ?? (optional ? wanted.version : null)) === wanted.version;
  });
}

/** Asked in a process of its own, because a native package of the wrong build may take its process along. */
function nativePackagesWork() {
  const open = "new (require('better-sqlite3'))(':memory:').close(); require('argon2');";
  return spawnSync(process.execPath, ['-e', open], { cwd: ROOT, stdio: 'ignore' }).status === 0;
}

// ── Build ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * TypeScript to JavaScript, and every file beside it that the program reads while it runs. Types are not checked here but by
 * `npm run check`: a machine that only runs the program has no use for the wait.
 */
function buildProgram() {
  const folders = ['controller', 'devices'];
  const files = folders.flatMap((folder) => filesUnder(folder));
  const stamp = stampOf([...files, 'package-lock.json', 'tsconfig.json']);
  const stampFile = join(DIST, '.program');
  if (readIfThere(stampFile) === stamp) return;
  say('building the program');
  const aside = join(DIST, '.next');
  rmSync(aside, { recursive: true, force: true });
  const tsc = join(MODULES, 'typescript', 'bin', 'tsc');
  step('tsc', process.execPath, [tsc, '-p', 'controller/tsconfig.build.json', '--outDir', aside]);
  for (const file of files.filter(isReadAtRunTime)) {
    mkdirSync(dirname(join(aside, file)), { recursive: true });
    copyFileSync(join(ROOT, file), join(aside, file));
  }
  // Each file changes at once and only when it differs, so that a process just starting never reads half a file.
  const built = filesUnder('.', aside);
  for (const file of built) {
    const [from, to] = [join(aside, file), join(DIST, file)];
    if (file === 'controller/main.js') chmodSync(from, 0o755);
    if (existsSync(to) && readFileSync(to).equals(readFileSync(from))) continue;
    mkdirSync(dirname(to), { recursive: true });
    renameSync(from, to);
  }
  const kept = new Set(built);
  for (const folder of folders) {
    for (const file of filesUnder(folder, DIST)) if (!kept.has(file)) rmSync(join(DIST, file));
  }
  rmSync(aside, { recursive: true, force: true });
  writeFileSync(stampFile, stamp);
}

/** Everything in the source folders except sources, settings of tools and texts for people. */
function isReadAtRunTime(file) {
  return !/\.(ts|tsx|mjs|md)$/.test(file) && !/(^|\/)tsconfig[^/]*\.json$/.test(file);
}

function buildPanel() {
  if (!existsSync(join(ROOT, 'panel', 'main.tsx'))) return;
  const contract = join('controller', 'api', 'contract.ts');
  const stamp = stampOf([...filesUnder('panel'), contract, 'package-lock.json']);
  const stampFile = join(DIST, '.panel');
  if (readIfThere(stampFile) === stamp) return;
  say('building the panel');
  const vite = join(MODULES, 'vite', 'bin', 'vite.js');
  const built = quietly(process.execPath, [vite, 'build', 'panel', '--logLevel', 'warn']);
  if (built.status !== 0) {
    // An old panel must not pass for the new one. A test run goes on: what needs the panel will miss it, the rest can be judged.
    rmSync(join(DIST, 'panel'), { recursive: true, force: true });
    const failed = failure('vite build', built);
    if (process.env.VITEST === undefined) throw failed;
    return say(failed.message);
  }
  writeFileSync(stampFile, stamp);
}

/** `npx quancheng` in this folder runs the build of this folder, at once and without asking any registry. */
function linkCommand() {
  const link = join(MODULES, '.bin', 'quancheng');
  const target = join('..', '..', 'dist', 'controller', 'main.js');
  if (existsSync(link) || !existsSync(PROGRAM)) return;
  rmSync(link, { force: true });
  symlinkSync(target, link);
}

/** Paths of all files under a folder, relative to `base`, sorted. */
function filesUnder(folder, base = ROOT) {
  if (!existsSync(join(base, folder))) return [];
  return readdirSync(join(base, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : filesUnder(path, base);
      return entry.isFile() ? [path] : [];
    })
    .sort();
}

function stampOf(files) {
  const hash = createHash('sha256');
  for (const file of files) {
    const path = join(ROOT, file);
    if (!existsSync(path)) continue;
    const { size, mtimeMs } = statSync(path);
    hash.update(`${file} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

// ── Processes ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** One set-up of a folder at a time; a second one waits and then finds the work done. Answers how to let go. */
function lock() {
  const path = join(DIST, '.lock');
  mkdirSync(DIST, { recursive: true });
  const until = Date.now() + LOCK_PATIENCE_MS;
  let told = false;
  for (;;) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw new Stop(2, `${DIST} cannot be written: ${error.message}`);
    }
    const holder = Number(readIfThere(path));
    if (!isSettingUp(holder)) {
      rmSync(path, { force: true });
      continue;
    }
    if (Date.now() > until)
      throw new Stop(1, `process ${holder} has been setting up this folder for too long; end it.`);
    if (!told) say(`waiting for process ${holder}, which is setting up this folder`);
    told = true;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOCK_ASK_MS);
  }
}

/** A number left behind by a set-up that was killed may meanwhile belong to any other process, even to this one. */
function isSettingUp(pid) {
  // A lock just made may not hold its number yet.
  if (pid === 0) return true;
  if (pid === process.pid) return false;
  return readIfThere(`/proc/${pid}/cmdline`)?.includes('bootstrap.mjs') ?? false;
}

function quietly(command, args, env = {}) {
  return spawnSync(command, args, {
    cwd: ROOT,
    env: { ...process.env, NO_COLOR: '1', ...env },
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Runs one step; its output is shown only when it fails. */
function step(name, command, args, env) {
  const done = quietly(command, args, env);
  if (done.error !== undefined || done.status !== 0) throw failure(name, done);
}

function failure(name, done) {
  const said = `${done.stdout ?? ''}\n${done.stderr ?? ''}\n${done.error?.message ?? ''}`;
  const lines = stripVTControlCharacters(said).trim().split('\n').slice(-FAILURE_LINES);
  return new Stop(1, `${name} failed:\n${lines.join('\n')}`);
}

/**
 * Runs the program to its end and answers its exit code. It gets a process group of its own, so that Ctrl-C reaches it exactly
 * once, through us; it is never left behind: we go after it has gone. The channel lets it see when we were killed outright.
 */
function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: ROOT, detached: true, stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
    const pass = { SIGINT: 'SIGINT', SIGTERM: 'SIGTERM', SIGHUP: 'SIGTERM' };
    for (const [caught, sent] of Object.entries(pass)) process.on(caught, () => child.kill(sent));
    child.once('error', (error) => reject(new Stop(1, `${command} cannot be started: ${error.message}`)));
    child.once('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 143)));
  });
}

function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function say(text) {
  console.log(`quancheng: ${text}`);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Stop)) throw error;
  console.error(`quancheng: ${error.message}`);
  process.exitCode = error.exitCode;
}
