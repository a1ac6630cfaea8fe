// A client in strict TypeScript, as CommonJS:  node built/commonjs.cjs ROUTER
import fs = require('node:fs');
import dualping = require('@dualping/client');

const [router = ''] = process.argv.slice(2);
const routing = require.resolve('@dualping/protocol/protos/dualping/v1/routing.proto');
console.log(/^service .*/m.exec(fs.readFileSync(routing, 'utf8'))?.[0]);

const member = new dualping.DualpingMember({ routers: [router], serverId: 7, address: '127.0.0.1:9' });
member.state$.subscribe((state: dualping.MemberState) => {
  if (state.kind === 'attached') void member.leave();
  if (state.kind === 'left') console.log('left');
});
