import type { FileTree, TreeEntry } from '../tree';
import { BASE_TREE } from './base';
import { userlandTree } from './userland';

const TOKEN =
  'eyJhbGciOiJSUzI1NiIsImtpZCI6InByb2JlZCJ9.eyJpc3MiOiJrdWJlcm5ldGVzL3NlcnZpY2VhY2NvdW50Iiwic3ViIjoiZGVmYXVsdCJ9.c2ln';

const SECRETS = 'var/run/secrets/kubernetes.io/serviceaccount';

/** What a pod gets mounted: its service account and its host name. */
function podFiles(name: string, ip: string): Record<string, TreeEntry> {
  return {
    'etc/hostname': `${name}\n`,
    'etc/hosts': `127.0.0.1\tlocalhost\n${ip}\t${name}\n`,
    'var/run': { link: '/run' },
    [`${SECRETS.replace('var/run', 'run')}/token`]: { text: TOKEN, mode: 0o644 },
    [`${SECRETS.replace('var/run', 'run')}/namespace`]: 'default',
    [`${SECRETS.replace('var/run', 'run')}/ca.crt`]: { size: 1_099, text: '-----BEGIN CERTIFICATE-----\n' },
  };
}

const OS_RELEASE = `PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"
VERSION="12 (bookworm)"
VERSION_CODENAME=bookworm
ID=debian
HOME_URL="https://www.debian.org/"
`;

/** What comes after everything else: the tools of a shell session. */
function debian(): FileTree {
  return { ...userlandTree(), 'etc/os-release': OS_RELEASE };
}

/** A web server's container. */
export function webTree(name: string, ip: string): FileTree {
  return {
    ...BASE_TREE,
    ...podFiles(name, ip),
    'usr/sbin/nginx': { program: 'nginx', size: 1_359_688 },
    'etc/nginx/nginx.conf': 'user www-data;\nworker_processes 2;\n',
    'etc/nginx/mime.types': { size: 5_349 },
    'var/www/html/index.html': { text: '<!doctype html><title>hello</title>\n', size: 10_671 },
    'var/www/html/app.js': { size: 48_213 },
    'var/www/html/logo.png': { size: 9_120 },
    'var/log/nginx/access.log': '',
    'var/log/nginx/error.log': '',
    'run/secrets/db-password': { text: 's3cr3t-db-passw0rd\n', mode: 0o400 },
    'srv/dataset.bin': { size: 12_582_912, cold: true },
    'srv/report.py': { text: 'import json\n', size: 2_210 },
    'srv/backup.sh': {
      text: '#!/bin/bash\nmkdir /tmp/backup\ncp /etc/passwd /tmp/backup/passwd\ntar -cf /tmp/backup.tar /tmp/backup\ngzip /tmp/backup.tar\nrm /tmp/backup/passwd\n',
      mode: 0o755,
    },
    ...debian(),
  };
}

/** A database's container. */
export function databaseTree(name: string, ip: string): FileTree {
  return {
    ...BASE_TREE,
    ...podFiles(name, ip),
    'usr/lib/postgresql/16/bin/postgres': { program: 'postgres', size: 9_412_336 },
    'var/lib/postgresql/data/postgresql.conf': { size: 29_805, uid: 999, gid: 999 },
    'var/lib/postgresql/data/base/16384/2619': {
      size: 41_943_040,
      cold: true,
      uid: 999,
      gid: 999,
      mode: 0o600,
    },
    'var/lib/postgresql/data/base/16384/1249': {
      size: 2_097_152,
      cold: true,
      uid: 999,
      gid: 999,
      mode: 0o600,
    },
    'var/lib/postgresql/data/pg_wal/000000010000000000000001': {
      size: 16_777_216,
      uid: 999,
      gid: 999,
      mode: 0o600,
    },
    ...debian(),
  };
}

/** A container for trying things out: the base system and a service account. */
export function shellTree(name: string, ip: string): FileTree {
  return { ...BASE_TREE, ...podFiles(name, ip), ...debian() };
}
