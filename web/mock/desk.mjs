// Commands that walk: queued, running with progress, done.
import { iso, now } from './data.mjs';

const kSlow_ms = 250, kRows = 96;

export class Desk {
  constructor(devices, emit) {
    this.emit = emit;
    this.next = 1;
    this.commands = [];
    const states = [['done', 'answered in 0.4 s'], ['done', '96 intervals and 6 registers read'], ['failed', 'no answer from the link after 3 attempts'], ['expired', 'not started before its deadline'], ['unknown', 'sent, the reply was lost']];
    for (let i = 0; i < 60; i++) {
      const device = devices[(i * 7919) % devices.length], [state, result] = states[i % 11 < 7 ? i % 2 : 2 + (i % 3)];
      this.add(device, i % 2 ? 'read_now' : 'ping', i % 4 ? 'schedule' : 'operator', now() - (60 - i) * 400, state, result);
    }
  }

  add(device, kind, by, at, state, result) {
    const command = { id: this.next++, device: device.id, serial: device.serial, kind, state, argument: '', requested_by: by, requested: iso(at), changed: iso(at + 2), progress: '', result };
    this.commands.unshift(command);
    return command;
  }

  list(device) { return device ? this.commands.filter((c) => c.device === Number(device)) : this.commands; }
  find(id) { return this.commands.find((c) => c.id === id); }

  send(device, kind, by) {
    const command = this.add(device, kind, by, now(), 'queued', '');
    const tell = (patch) => { Object.assign(command, patch, { changed: iso(now()) }); this.emit('command', { ...command }); };
    tell({});
    const end = { read_now: '96 intervals, 6 registers and 2 events read', ping: 'answered in 0.3 s', set_clock: 'clock set, was off by 2 s' }[kind];
    if (device.status === 'silent') setTimeout(() => tell({ state: 'failed', result: 'no answer from the link after 3 attempts' }), 4 * kSlow_ms);
    else if (kind !== 'read_now') setTimeout(() => tell({ state: 'done', result: end }), 3 * kSlow_ms);
    else {
      let row = 0;
      const timer = setInterval(() => {
        row += 12;
        if (row <= kRows) tell({ state: 'running', progress: `reading load profile ${row}/${kRows}` });
        else { clearInterval(timer); tell({ state: 'done', progress: '', result: end }); }
      }, kSlow_ms);
    }
    return { ...command };
  }
}
