// adapter-pg as the schema engine needs it. Three repairs over the published adapter (up to 7.10): types of Postgres'
// catalogue that it refuses, scripts that it cuts at each semicolon, and a shadow database that it forgets to select.
import { randomUUID } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import { ColumnTypeEnum } from '@prisma/driver-adapter-utils';
import pg from 'pg';

const CHAR_OID = 18;
const TEXT_OID = 25;
/** regproc, pg_node_tree, aclitem, regclass, regtype, regoper, pg_lsn, regnamespace, regrole: read as text. */
const READ_AS_TEXT = new Set([24, 194, 1033, 2205, 2206, 2202, 3220, 4089, 4096]);

/** Connection settings for `pg` from a database URL. */
export function settingsOf(url) {
  const parsed = new URL(url);
  const socketFolder = parsed.searchParams.get('host');
  return {
    host: socketFolder ?? parsed.hostname,
    port: Number(parsed.port || 5432),
    user: decodeURIComponent(parsed.username),
    password: decodeURIComponent(parsed.password),
    database: decodeURIComponent(parsed.pathname.slice(1)),
  };
}

/** Runs one statement on another database of the same server. */
export async function runOn(url, database, sql) {
  const client = new pg.Client({ ...settingsOf(url), database });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

function repair(adapter) {
  let fields = [];
  const performIO = adapter.performIO.bind(adapter);
  adapter.performIO = async (query) => {
    const result = await performIO(query);
    fields = (result.fields ?? []).map((field) => ({ isChar: field.dataTypeID === CHAR_OID }));
    for (const field of result.fields ?? []) {
      if (field.dataTypeID === CHAR_OID || READ_AS_TEXT.has(field.dataTypeID)) field.dataTypeID = TEXT_OID;
    }
    return result;
  };
  const queryRaw = adapter.queryRaw.bind(adapter);
  adapter.queryRaw = async (query) => {
    const result = await queryRaw(query);
    result.columnTypes = result.columnTypes.map((type, index) =>
      fields[index]?.isChar ? ColumnTypeEnum.Character : type,
    );
    return result;
  };
  adapter.executeScript = async (script) => {
    try {
      await adapter.underlyingDriver().query(script);
    } catch (error) {
      adapter.onError(error);
    }
  };
  return adapter;
}

const quoted = (name) => `"${name.replaceAll('"', '""')}"`;

/** An adapter factory that the engine can migrate with, shadow database included. */
export function createMigrationAdapter(url) {
  const open = async (database) =>
    repair(await new PrismaPg({ ...settingsOf(url), database, max: 1 }).connect());
  return {
    provider: 'postgres',
    adapterName: '@prisma/adapter-pg',
    connect: () => open(settingsOf(url).database),
    async connectToShadowDb() {
      const name = `prisma_migrate_shadow_db_${randomUUID()}`;
      await runOn(url, 'postgres', `CREATE DATABASE ${quoted(name)}`);
      const adapter = await open(name);
      const dispose = adapter.dispose.bind(adapter);
      adapter.dispose = async () => {
        await dispose();
        await runOn(url, 'postgres', `DROP DATABASE IF EXISTS ${quoted(name)} WITH (FORCE)`);
      };
      return adapter;
    },
  };
}

/** Creates the URL's own database; returns its name. */
export async function createDatabase(url) {
  const { database } = settingsOf(url);
  await runOn(url, 'postgres', `CREATE DATABASE ${quoted(database)}`);
  return database;
}
