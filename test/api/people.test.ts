/** Coming in, pairing and looking after people, over real HTTP: cookies, refusals with the time left, who may do what. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type {
  CodeView,
  GivenPin,
  GivenSecret,
  HereView,
  LoginList,
  Me,
  PanelList,
  PanelName,
  PersonAtDoor,
  StaffList,
} from '../../controller/api/contract-people.ts';
import { ROUTES } from '../../controller/api/routes.ts';
import { type Answer, ApiStage, Client } from './api-stage.ts';

let api: ApiStage;
beforeEach(async () => {
  api = await ApiStage.open();
});
afterEach(async () => {
  await api.close();
});

const WRONG_PIN = '000000';
const as = <T>(answer: Answer): T => answer.body as unknown as T;
const refusal = (answer: Answer) => [answer.status, answer.body.error?.code];
const pinOf = (id: string): string => api.stage.pins.get(id) ?? '';

/** Somebody in a browser that is no panel. */
async function bySecret(id: string): Promise<Client> {
  let secret = api.stage.secrets.get(id);
  secret ??= await api.stage.desk.staff.giveSecret(api.stage.caller('administrator'), id);
  const client = new Client(api.url);
  expect((await client.post('/login/secret', { secret })).status).toBe(200);
  return client;
}

describe('cookies', () => {
  test('of a login and of a panel are such that scripts and other sites cannot have them', async () => {
    const code = as<CodeView>(
      await (await bySecret('administrator')).post('/panels/codes', { room: 'r1', name: '东墙' }),
    );
    const client = new Client(api.url);
    const paired = await client.post('/pair', { code: code.code });
    expect([paired.status, as<PanelName>(paired)]).toMatchObject([201, { name: '东墙', room: { id: 'r1' } }]);
    expect(paired.headers.get('set-cookie')).toMatch(
      /^quancheng-panel=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=34560000$/,
    );
    const answer = await client.post('/login', { person: 'clerk', pin: pinOf('clerk') });
    const cookie = answer.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^quancheng=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+$/);
    expect(JSON.stringify(answer.body)).not.toContain(cookie.slice(10, 53));
    expect((await client.post('/logout')).status).toBe(204);
    expect(refusal(await client.get('/me'))).toEqual([401, 'not-logged-in']);
    expect(as<HereView>(await client.get('/here')).panel?.name, 'a logout leaves the panel').toBe('东墙');
  });

  test('of a panel are set anew when it asks where it is, so that a browser never forgets it', async () => {
    const panel = await api.panelAt('r1');
    expect((await panel.get('/here')).headers.get('set-cookie')).toMatch(/^quancheng-panel=/);
    expect((await new Client(api.url).get('/here')).headers.get('set-cookie')).toBeNull();
  });

  test('of a login open nothing without those of its panel', async () => {
    const clerk = await api.login('clerk');
    const thief = new Client(api.url);
    thief.cookie = clerk.cookie.split('; ').find((part) => part.startsWith('quancheng=')) ?? '';
    expect(refusal(await thief.get('/me'))).toEqual([401, 'not-logged-in']);
    expect((await clerk.get('/me')).status).toBe(200);
  });

  test('outlive the API', async () => {
    const clerk = await api.login('clerk');
    const { port } = api;
    await api.closeApi();
    await api.startApi(port);
    expect((await clerk.get('/me')).status).toBe(200);
  });
});

describe('a browser that is no panel', () => {
  test('is told no names, and gives in no PIN; with a secret somebody comes in', async () => {
    const client = new Client(api.url);
    expect(as<HereView>(await client.get('/here'))).toEqual({ panel: null, pins: false, lockedForMs: 0 });
    expect(as<PersonAtDoor[]>(await client.get('/people'))).toEqual([]);
    for (const pin of [pinOf('clerk'), WRONG_PIN]) {
      expect(refusal(await client.post('/login', { person: 'clerk', pin }))).toEqual([403, 'panel-not-paired']);
    }
    expect(refusal(await client.post('/login/secret', { secret: 'nobody’s' }))).toEqual([401, 'wrong-secret']);
    expect(as<Me>(await (await bySecret('administrator')).get('/me'))).toMatchObject({
      ...{ person: { id: 'administrator' }, panel: null, how: 'secret' },
      may: { panels: true, people: true, give: true, trail: true },
    });
  });

  test('even on this machine, and whatever it says of where it comes from', async () => {
    for (const headers of [{}, { 'x-forwarded-for': '127.0.0.1' }, { forwarded: 'for=127.0.0.1' }]) {
      const answer = await new Client(api.url).post('/login', { person: 'clerk', pin: pinOf('clerk') }, headers);
      expect(refusal(answer)).toEqual([403, 'panel-not-paired']);
    }
  });
});

describe('where the site lets this machine in unpaired', () => {
  test('a PIN is taken, but not through a proxy, which asks for anybody', async () => {
    await api.closeApi();
    await api.stage.stop();
    api.stage.plan = { ...api.stage.plan, login: { unpaired: 'pin' } };
    await api.stage.start();
    await api.startApi();
    const post = (headers: Record<string, string>) =>
      new Client(api.url).post('/login', { person: 'clerk', pin: pinOf('clerk') }, headers);
    expect((await post({})).status).toBe(200);
    for (const header of ['x-forwarded-for', 'forwarded', 'x-real-ip', 'via', 'x-forwarded-host']) {
      expect(refusal(await post({ [header]: '192.0.2.1' }))).toEqual([403, 'panel-not-paired']);
    }
    expect(as<PersonAtDoor[]>(await new Client(api.url).get('/people'))).toHaveLength(8);
  });
});

describe('a lock', () => {
  test('is answered with the time left, by every way that asks', async () => {
    const panel = await api.panelAt('r1');
    for (let i = 0; i < 5; i++) {
      expect(refusal(await panel.post('/login', { person: 'clerk', pin: WRONG_PIN }))).toEqual([401, 'wrong-pin']);
    }
    const locked = await panel.post('/login', { person: 'clerk', pin: pinOf('clerk') });
    expect(refusal(locked)).toEqual([429, 'too-many-tries']);
    expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(50);
    expect(locked.body.error.retryAfterMs).toBeGreaterThan(50_000);
    const clerk = as<PersonAtDoor[]>(await panel.get('/people')).find(({ id }) => id === 'clerk');
    expect(clerk?.lockedForMs).toBeGreaterThan(50_000);
    for (let i = 0; i < 7; i++) await panel.post('/login', { person: `nobody-${i}`, pin: WRONG_PIN });
    expect(as<HereView>(await panel.get('/here')).lockedForMs).toBeGreaterThan(50_000);
    const boss = await bySecret('administrator');
    const { panels } = as<PanelList>(await boss.get('/panels'));
    expect(panels[0]?.lockedForMs).toBeGreaterThan(50_000);
    expect((await boss.post('/staff/clerk/unlock')).status).toBe(204);
    expect((await boss.post(`/panels/${panels[0]?.id}/unlock`)).status).toBe(204);
    expect((await panel.post('/login', { person: 'clerk', pin: pinOf('clerk') })).status).toBe(200);
  });
});

describe('a technician', () => {
  test('pairs, sees and revokes panels; a revoked one is out at once, and so is who was logged in at it', async () => {
    const technician = await bySecret('technician');
    const code = as<CodeView>(await technician.post('/panels/codes', { room: 'r1', name: ' 西墙 ' }));
    expect(code).toEqual({
      code: code.code,
      room: { id: 'r1', name: '一', nameEn: 'One' },
      name: '西墙',
      validForMs: 600_000,
    });
    const panel = new Client(api.url);
    await panel.post('/pair', { code: code.code });
    expect(refusal(await new Client(api.url).post('/pair', { code: code.code })), 'replayed').toEqual([
      403,
      'wrong-code',
    ]);
    await panel.post('/login', { person: 'clerk', pin: pinOf('clerk') });
    const { panels } = as<PanelList>(await technician.get('/panels'));
    expect(panels).toMatchObject([{ name: '西墙', people: ['名-clerk'], pairedBy: '名-technician', isHere: false }]);
    expect((await technician.post(`/panels/${panels[0]?.id}/revoke`)).status).toBe(204);
    expect(refusal(await panel.get('/me'))).toEqual([401, 'not-logged-in']);
    expect(refusal(await panel.post('/login', { person: 'clerk', pin: pinOf('clerk') }))).toEqual([
      403,
      'panel-not-paired',
    ]);
    expect(refusal(await technician.post(`/panels/${panels[0]?.id}/revoke`))).toEqual([404, 'not-found']);
    for (const [name, room] of [
      ['', 'r1'],
      ['x'.repeat(41), 'r1'],
      ['x', 'R 1'],
    ] as const) {
      expect(refusal(await technician.post('/panels/codes', { room, name }))).toEqual([400, 'bad-request']);
    }
  });
});

describe('an administrator', () => {
  test('sees who is logged in where, ends it, and gives new PINs and secrets', async () => {
    const [boss, clerk] = [await bySecret('administrator'), await api.login('clerk')];
    const list = as<StaffList>(await boss.get('/staff'));
    expect(list.people.map(({ id }) => id)).toEqual(api.stage.plan.people.map(({ id }) => id));
    const own = list.people.find(({ id }) => id === 'administrator')?.logins[0];
    expect(own).toMatchObject({ how: 'secret', panel: null, isMine: true, agent: 'node' });
    const login = list.people.find(({ id }) => id === 'clerk')?.logins[0];
    expect(login).toMatchObject({ how: 'pin', panel: { name: '屏-r1' }, isMine: false });
    expect((await boss.post(`/logins/${login?.id}/end`)).status).toBe(204);
    expect(refusal(await clerk.get('/me'))).toEqual([401, 'not-logged-in']);
    const { pin } = as<GivenPin>(await boss.post('/staff/clerk/pin'));
    expect((await clerk.post('/login', { person: 'clerk', pin })).status).toBe(200);
    expect((await boss.post('/staff/clerk/logout')).status).toBe(204);
    expect(refusal(await clerk.get('/me'))).toEqual([401, 'not-logged-in']);
    const { secret } = as<GivenSecret>(await boss.post('/staff/clerk/secret'));
    expect((await new Client(api.url).post('/login/secret', { secret })).status).toBe(200);
    expect(refusal(await boss.post('/staff/stranger/pin'))).toEqual([404, 'not-found']);
    expect(refusal(await (await api.login('administrator')).post('/staff/clerk/pin'))).toEqual([403, 'secret-needed']);
  });
});

describe('every route', () => {
  /** What is for everybody: what hangs on the wall, and the door itself. */
  const OPEN = [
    ...['get /site', 'get /here', 'get /people', 'post /login', 'post /login/secret', 'post /pair'],
    ...['get /signs/{room}', 'get /displays/{display}'],
    ...['post /displays/{display}/painted', 'post /displays/{display}/spoken', 'get /speech/{text}'],
  ];

  test('is for people who are logged in, but for those of the wall and the door', () => {
    const open = ROUTES.filter(({ needsLogin }) => !needsLogin).map(({ method, path }) => `${method} ${path}`);
    expect(open.sort()).toEqual([...OPEN].sort());
  });

  test('answers nobody who has no login, a login that ended, or a panel alone', async () => {
    const clerk = await api.login('clerk');
    const { cookie } = clerk;
    await clerk.post('/logout');
    const panel = await api.panelAt('r1');
    const ended = new Client(api.url);
    ended.cookie = cookie;
    for (const { method, path, needsLogin } of ROUTES) {
      if (!needsLogin) continue;
      const address = path.replaceAll(/\{\w+\}/g, 'r1');
      for (const client of [new Client(api.url), panel, ended]) {
        const answer = method === 'get' ? await client.get(address) : await client.post(address);
        expect([path, ...refusal(answer)]).toEqual([path, 401, 'not-logged-in']);
      }
    }
  });
});

describe('everybody', () => {
  test('sees and ends their own logins, and chooses a PIN', async () => {
    const [here, there] = [await api.login('clerk'), await api.login('clerk')];
    const { logins } = as<LoginList>(await here.get('/me/logins'));
    expect(logins.map(({ isMine }) => isMine)).toEqual([true, false]);
    expect((await here.post(`/logins/${logins[1]?.id}/end`)).status).toBe(204);
    expect((await there.get('/me')).status).toBe(401);
    const change = (pin: string, newPin: string) => here.post('/me/pin', { pin, newPin });
    expect(refusal(await change(WRONG_PIN, '738164'))).toEqual([401, 'wrong-pin']);
    const weak = await change(pinOf('clerk'), '123456');
    expect([...refusal(weak), weak.body.error.fields]).toEqual([
      400,
      'weak-pin',
      [{ field: 'newPin', message: 'row' }],
    ]);
    expect((await change(pinOf('clerk'), '93847561')).status).toBe(204);
    expect((await here.post('/me/logout-everywhere')).status).toBe(204);
    expect((await here.get('/me')).status).toBe(401);
    expect((await here.post('/login', { person: 'clerk', pin: '93847561' })).status).toBe(200);
  });

  test('may do about panels and people what their role says, and no more', async () => {
    const panel = await api.panelAt('r2');
    const { panel: known } = as<HereView>(await panel.get('/here'));
    const login = 'f'.repeat(64);
    const TABLE: readonly (readonly [string, (client: Client) => Promise<Answer>, readonly string[]])[] = [
      ['list panels', (client) => client.get('/panels'), ['technician', 'administrator']],
      [
        'make a code',
        (client) => client.post('/panels/codes', { room: 'r2', name: 'x' }),
        ['technician', 'administrator'],
      ],
      ['unlock a panel', (client) => client.post(`/panels/${known?.id}/unlock`), ['administrator']],
      ['list people', (client) => client.get('/staff'), ['administrator']],
      ['unlock somebody', (client) => client.post('/staff/clerk2/unlock'), ['administrator']],
      ['log somebody out', (client) => client.post('/staff/clerk2/logout'), ['administrator']],
      ['read the trail', (client) => client.get('/staff/trail'), ['auditor', 'administrator']],
      ['give a PIN', (client) => client.post('/staff/clerk2/pin'), ['administrator']],
      ['give a secret', (client) => client.post('/staff/clerk2/secret'), ['administrator']],
    ];
    for (const { id } of api.stage.plan.people) {
      const client = await bySecret(id);
      for (const [name, ask, may] of TABLE) {
        const answer = await ask(client);
        const isAllowed = answer.status >= 200 && answer.status < 300;
        expect([id, name, isAllowed]).toEqual([id, name, may.includes(id)]);
        if (!isAllowed) expect([id, name, ...refusal(answer)]).toEqual([id, name, 403, 'not-your-role']);
      }
      const ended = id === 'administrator' ? [404, 'not-found'] : [403, 'not-your-role'];
      expect([id, ...refusal(await client.post(`/logins/${login}/end`))]).toEqual([id, ...ended]);
    }
    for (const [, ask] of TABLE) expect(refusal(await ask(new Client(api.url)))).toEqual([401, 'not-logged-in']);
  });
});
