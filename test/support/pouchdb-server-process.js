// Run as a process: prints its url when it listens.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const express = require('express');
const PouchDB = require('pouchdb');
const expressPouchDb = require('express-pouchdb');

// A request that it cannot serve must not end the server.
process.on('uncaughtException', () => {});
process.on('unhandledRejection', () => {});

const app = express();
const inMemory = PouchDB.defaults({ db: require('memdown') });
app.use('/', expressPouchDb(inMemory, { mode: 'fullCouchDB', inMemoryConfig: true, logPath: '/dev/null' }));
const listening = app.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${listening.address().port}`));
