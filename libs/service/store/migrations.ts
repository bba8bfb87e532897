/**
 * The schema, as steps: `user_version` counts those that a database has had. A step that has been released is never
 * changed; what is new becomes another step.
 *
 * Records are two tables of one key, (boot, sequence) as one integer, see `record-id.ts`. `record_keys` holds what is
 * filtered by, in rows of some 25 bytes, so that a query reads all of it (2 million rows in 0.1 s) where an index for
 * each filter would slow down every insert. `record_data` holds what is large. `records` is for people with a SQLite
 * shell.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE boots (
    ordinal INTEGER PRIMARY KEY,
    boot TEXT NOT NULL UNIQUE,
    began_at TEXT NOT NULL,
    records INTEGER NOT NULL DEFAULT 0
  ) STRICT;

  CREATE TABLE sources (
    id INTEGER PRIMARY KEY,
    node TEXT NOT NULL,
    program TEXT NOT NULL,
    map TEXT NOT NULL,
    hook TEXT NOT NULL,
    UNIQUE (node, program, map, hook)
  ) STRICT;

  CREATE TABLE pods (
    id INTEGER PRIMARY KEY,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    UNIQUE (namespace, name)
  ) STRICT;

  CREATE TABLE record_keys (
    id INTEGER PRIMARY KEY,
    time_ns INTEGER NOT NULL,
    source INTEGER NOT NULL,
    pod INTEGER,
    session TEXT
  ) STRICT;
  CREATE INDEX record_keys_session ON record_keys (session) WHERE session IS NOT NULL;

  CREATE TABLE record_data (
    id INTEGER PRIMARY KEY,
    ktime_ns INTEGER NOT NULL,
    json TEXT NOT NULL,
    raw BLOB NOT NULL
  ) STRICT;

  CREATE TABLE record_times (
    block INTEGER PRIMARY KEY,
    time_min INTEGER NOT NULL,
    time_max INTEGER NOT NULL
  ) STRICT;

  CREATE VIEW records AS
    SELECT k.id, b.boot, k.id & 0xffffffffff AS sequence, d.json ->> '$.time' AS time, k.time_ns, d.ktime_ns,
      s.node, s.program, s.map, s.hook, p.namespace, p.name AS pod, k.session, d.json, d.raw
    FROM record_keys k
    LEFT JOIN record_data d ON d.id = k.id
    LEFT JOIN boots b ON b.ordinal = k.id >> 40
    LEFT JOIN sources s ON s.id = k.source
    LEFT JOIN pods p ON p.id = k.pod;

  CREATE TABLE objects (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    bytes BLOB NOT NULL,
    loaded_at TEXT NOT NULL,
    options TEXT NOT NULL,
    first_program_id INTEGER NOT NULL,
    program_count INTEGER NOT NULL,
    first_map_id INTEGER NOT NULL,
    map_count INTEGER NOT NULL,
    origin TEXT NOT NULL,
    without TEXT NOT NULL
  ) STRICT;

  CREATE TABLE links (
    id INTEGER PRIMARY KEY,
    object_id INTEGER NOT NULL REFERENCES objects (id) ON DELETE CASCADE,
    program_id INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    request TEXT NOT NULL
  ) STRICT;
  CREATE INDEX links_object ON links (object_id);

  CREATE TABLE next_ids (
    kind TEXT PRIMARY KEY,
    next INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE exec_sessions (
    ordinal INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    boot TEXT NOT NULL,
    namespace TEXT NOT NULL,
    pod TEXT NOT NULL,
    state TEXT NOT NULL,
    json TEXT NOT NULL
  ) STRICT;

  CREATE TABLE session_commands (
    session TEXT NOT NULL,
    seq INTEGER NOT NULL,
    ended INTEGER NOT NULL,
    json TEXT NOT NULL,
    UNIQUE (session, seq)
  ) STRICT;

  CREATE TABLE map_snapshots (
    id INTEGER PRIMARY KEY,
    map_id INTEGER NOT NULL,
    map TEXT NOT NULL,
    object TEXT NOT NULL,
    node TEXT NOT NULL,
    boot TEXT NOT NULL,
    time TEXT NOT NULL,
    json TEXT NOT NULL
  ) STRICT;
  CREATE INDEX map_snapshots_map ON map_snapshots (map_id, node);

  CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT;
  `,
  // bpffs: what is pinned outlives its object, whose row stays until nothing of it is pinned any more.
  `
  ALTER TABLE objects ADD COLUMN unloaded INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE objects ADD COLUMN reused TEXT NOT NULL DEFAULT '{}';

  CREATE TABLE bpffs (
    node TEXT NOT NULL,
    path TEXT NOT NULL,
    kind TEXT NOT NULL,
    target INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (node, path)
  ) STRICT;

  CREATE TABLE pinned_contents (
    map_id INTEGER NOT NULL,
    node TEXT NOT NULL,
    time TEXT NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (map_id, node)
  ) STRICT;
  `,
];
