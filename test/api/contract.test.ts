/** The schemas that check requests say the same as the contract that the panel compiles against; the document knows every route. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import type * as contract from '../../controller/api/contract.ts';
import type * as people from '../../controller/api/contract-people.ts';
import { openApiDocument } from '../../controller/api/openapi.ts';
import { ROUTES } from '../../controller/api/routes.ts';
import type * as schema from '../../controller/api/schemas.ts';
import type * as peopleSchema from '../../controller/api/schemas-people.ts';
import { ApiStage } from './api-stage.ts';

/** Without the difference between readonly and not, and between absent and undefined. */
type Plain<T> = T extends readonly (infer Item)[]
  ? Plain<Item>[]
  : T extends object
    ? { -readonly [Key in keyof T]-?: Plain<Exclude<T[Key], undefined>> }
    : T;
type Optional<T> = { [Key in keyof T]-?: undefined extends T[Key] ? Key : never }[keyof T];
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Agree<Contract, Schema extends z.ZodType> =
  Same<Plain<Contract>, Plain<z.output<Schema>>> extends true
    ? Same<Optional<Contract>, Optional<z.output<Schema>>>
    : false;

/** The compiler refuses this file when a schema and its contract differ. */
const agreements: {
  readonly Trouble: Agree<contract.Trouble, typeof schema.trouble>;
  readonly ErrorBody: Agree<contract.ErrorBody, typeof schema.errorBody>;
  readonly Role: Same<contract.Role, z.output<typeof schema.role>>;
  readonly PersonChoice: Agree<contract.PersonChoice, typeof schema.personChoice>;
  readonly PanelName: Agree<people.PanelName, typeof peopleSchema.panelName>;
  readonly HereView: Agree<people.HereView, typeof peopleSchema.hereView>;
  readonly PersonAtDoor: Agree<people.PersonAtDoor, typeof peopleSchema.personAtDoor>;
  readonly LoginRequest: Agree<people.LoginRequest, typeof peopleSchema.loginRequest>;
  readonly SecretRequest: Agree<people.SecretRequest, typeof peopleSchema.secretRequest>;
  readonly PairRequest: Agree<people.PairRequest, typeof peopleSchema.pairRequest>;
  readonly ChangePinRequest: Agree<people.ChangePinRequest, typeof peopleSchema.changePinRequest>;
  readonly CodeRequest: Agree<people.CodeRequest, typeof peopleSchema.codeRequest>;
  readonly Me: Agree<people.Me, typeof peopleSchema.me>;
  readonly CodeView: Agree<people.CodeView, typeof peopleSchema.codeView>;
  readonly PanelView: Agree<people.PanelView, typeof peopleSchema.panelView>;
  readonly PanelList: Agree<people.PanelList, typeof peopleSchema.panelList>;
  readonly LoginView: Agree<people.LoginView, typeof peopleSchema.loginView>;
  readonly LoginList: Agree<people.LoginList, typeof peopleSchema.loginList>;
  readonly StaffView: Agree<people.StaffView, typeof peopleSchema.staffView>;
  readonly StaffList: Agree<people.StaffList, typeof peopleSchema.staffList>;
  readonly GivenPin: Agree<people.GivenPin, typeof peopleSchema.givenPin>;
  readonly GivenSecret: Agree<people.GivenSecret, typeof peopleSchema.givenSecret>;
  readonly RoomName: Agree<contract.RoomName, typeof schema.roomName>;
  readonly StreamView: Agree<contract.StreamView, typeof schema.streamView>;
  readonly SessionKind: Same<contract.SessionKind, z.output<typeof schema.sessionKind>>;
  readonly GapView: Agree<contract.GapView, typeof schema.gapView>;
  readonly SessionView: Agree<contract.SessionView, typeof schema.sessionView>;
  readonly HandOverView: Agree<contract.HandOverView, typeof schema.handOverView>;
  readonly RoomView: Agree<contract.RoomView, typeof schema.roomView>;
  readonly OpenRequest: Agree<contract.OpenRequest, typeof schema.openRequest>;
  readonly SessionList: Agree<contract.SessionList, typeof schema.sessionList>;
  readonly ReviewView: Agree<contract.ReviewView, typeof schema.reviewView>;
  readonly ReviewStream: Agree<contract.ReviewStream, typeof schema.reviewStream>;
  readonly ReviewSegment: Agree<contract.ReviewSegment, typeof schema.reviewSegment>;
  readonly SignView: Agree<contract.SignView, typeof schema.signView>;
  readonly SiteView: Agree<contract.SiteView, typeof schema.siteView>;
} = {
  Trouble: true,
  ErrorBody: true,
  Role: true,
  PersonChoice: true,
  PanelName: true,
  HereView: true,
  PersonAtDoor: true,
  LoginRequest: true,
  SecretRequest: true,
  PairRequest: true,
  ChangePinRequest: true,
  CodeRequest: true,
  Me: true,
  CodeView: true,
  PanelView: true,
  PanelList: true,
  LoginView: true,
  LoginList: true,
  StaffView: true,
  StaffList: true,
  GivenPin: true,
  GivenSecret: true,
  RoomName: true,
  StreamView: true,
  SessionKind: true,
  GapView: true,
  SessionView: true,
  HandOverView: true,
  RoomView: true,
  OpenRequest: true,
  SessionList: true,
  ReviewView: true,
  ReviewStream: true,
  ReviewSegment: true,
  SignView: true,
  SiteView: true,
};

test('every schema agrees with its contract', () => {
  expect(Object.values(agreements).every(Boolean)).toBe(true);
});

describe('the API document', () => {
  let stage: ApiStage;
  beforeAll(async () => {
    stage = await ApiStage.open();
  });
  afterAll(async () => {
    await stage.close();
  });

  test('is served, and holds every route of the server with its refusals', async () => {
    const response = await fetch(`${stage.url}/api/openapi.json`);
    const document = (await response.json()) as {
      openapi: string;
      paths: { [path: string]: { [method: string]: { responses: object } } };
    };
    expect(document).toEqual(JSON.parse(JSON.stringify(openApiDocument('0.0.0'))));
    expect(document.openapi).toBe('3.1.0');
    const listed = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(listed.sort()).toEqual(ROUTES.map((route) => `${route.method} ${route.path}`).sort());
    for (const { method, path, needsLogin } of ROUTES) {
      const responses = Object.keys(document.paths[path]?.[method]?.responses ?? {});
      if (needsLogin) expect(responses).toContain('401');
      expect(responses).toContain('400');
    }
  });
});
