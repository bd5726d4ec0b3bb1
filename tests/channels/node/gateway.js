// An SMPP 3.4 gateway for the tests. Commands come in as JSON lines on stdin, events go out as JSON lines on stdout.
// The answer to play is read from the file named by the first argument, afresh for every PDU, so that a change of
// script never races with the message it is meant for.
'use strict';

const fs = require('fs');
const readline = require('readline');
const smpp = require('smpp');

const STATUS = {
  throttle: smpp.ESME_RTHROTTLED,
  reject: smpp.ESME_RINVSRCADR,
  bad_address: smpp.ESME_RINVDSTADR,
  temporary: smpp.ESME_RSYSERR,
};

const script = () => fs.readFileSync(process.argv[2], 'utf8');

let server = null;
let sessions = new Set();
let nextId = 0;

const say = (event) => process.stdout.write(JSON.stringify(event) + '\n');

function bind(session, pdu) {
  if (script() === 'credentials') {
    session.send(pdu.response({ command_status: smpp.ESME_RINVPASWD }));
    return;
  }
  session.bound = true;
  session.send(pdu.response());
}

function submit(session, pdu) {
  const answer = script();
  if (answer === 'silent') return;
  // A session from before a wrong password is cut by its first message, should that overtake the command to cut it.
  if (answer === 'drop_before_answer' || answer === 'credentials') {
    session.destroy();
    return;
  }
  if (answer in STATUS) {
    session.send(pdu.response({ command_status: STATUS[answer] }));
    return;
  }
  const id = (++nextId).toString(16).padStart(10, '0');
  const { udh, message } = pdu.short_message;
  say({
    event: 'submit',
    id,
    destination: pdu.destination_addr,
    source: pdu.source_addr,
    message,
    udh: udh ? udh.map((element) => element.toString('hex')) : [],
    registered: pdu.registered_delivery,
    validity: pdu.validity_period,
    priority: pdu.priority_flag,
    coding: pdu.data_coding,
  });
  session.send(pdu.response({ message_id: id }));
}

function accept(session) {
  sessions.add(session);
  session.on('close', () => sessions.delete(session));
  session.on('error', () => session.destroy());
  session.on('bind_transceiver', (pdu) => bind(session, pdu));
  session.on('submit_sm', (pdu) => submit(session, pdu));
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('unbind', (pdu) => {
    say({ event: 'unbind' });
    session.send(pdu.response(), () => session.close());
  });
}

function deliver(command) {
  const session = [...sessions].find((candidate) => candidate.bound);
  if (!session) {
    say({ event: 'delivered', tag: command.tag, status: -1 });
    return;
  }
  const fields = command.fields;
  if (command.text !== undefined) {
    fields.short_message = command.udh
      ? { udh: Buffer.from(command.udh, 'hex'), message: command.text }
      : command.text;
  }
  session.deliver_sm(fields, (pdu) => say({ event: 'delivered', tag: command.tag, status: pdu.command_status }));
}

const COMMANDS = {
  start({ port }) {
    server = smpp.createServer({}, accept);
    server.listen(port, '127.0.0.1', () => say({ event: 'listening', port: server.address().port }));
  },
  stop() {
    server.close(() => say({ event: 'stopped' }));
    sessions.forEach((session) => session.destroy());
    sessions = new Set();
  },
  cut() {
    sessions.forEach((session) => session.destroy());
  },
  deliver,
  enquire() {
    sessions.forEach((session) => session.enquire_link({}, () => say({ event: 'alive' })));
  },
  unbind() {
    sessions.forEach((session) => session.unbind({}, () => say({ event: 'unbound' })));
  },
};

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const command = JSON.parse(line);
  COMMANDS[command.do](command);
}).on('close', () => process.exit(0));
