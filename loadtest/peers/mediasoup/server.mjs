// mediasoup behind a bare HTTP door, for load tests: one worker, one router for a room, connections over UDP on one
// address. Never for people: whoever reaches the door is in.
//
//   node server.mjs MODULES PORT ADDRESS
//
// MODULES is the folder in which scripts/mediasoup has built it. The door is on 127.0.0.1. What is asked and answered
// is JSON, in mediasoup's own words:
//
//   POST /transports                  {room, person}                     a new connection's ICE and DTLS parameters
//   POST /transports/ID/connect       {dtlsParameters}
//   POST /transports/ID/produce       {kind, rtpParameters}              {id}
//   POST /transports/ID/consume       {producers, headerExtensions}      a list of consumers
//   DELETE /people/PERSON                                                ends their connections
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';

const [modules, port, address] = process.argv.slice(2);
const mediasoup = createRequire(path.resolve(modules, 'package.json'))('mediasoup');

// What the generator sends. Everything else is as it comes.
const mediaCodecs = [
    { kind: 'audio', mimeType: 'audio/opus', clockRate: 48000, channels: 2 },
    { kind: 'video', mimeType: 'video/VP8', clockRate: 90000 },
];

const worker = await mediasoup.createWorker({ logLevel: 'warn' });
worker.on('died', (error) => {
    console.error('the worker died', error);
    process.exit(1);
});

const routers = new Map();
const transports = new Map();
const people = new Map();

function routerOf(room) {
    if (!routers.has(room)) routers.set(room, worker.createRouter({ mediaCodecs }));
    return routers.get(room);
}

function transportOf(id) {
    const found = transports.get(id);
    if (!found) throw new Error('no such transport');
    return found;
}

const asked = {
    async transports(_, { room, person }) {
        const router = await routerOf(room);
        const transport = await router.createWebRtcTransport({ listenIps: [{ ip: address }], enableUdp: true, enableTcp: false });
        transports.set(transport.id, { router, transport });
        people.set(person, [...(people.get(person) ?? []), transport.id]);
        const { id, iceParameters, iceCandidates, dtlsParameters } = transport;
        return { id, iceParameters, iceCandidates, dtlsParameters };
    },

    async connect(id, { dtlsParameters }) {
        await transportOf(id).transport.connect({ dtlsParameters });
        return {};
    },

    async produce(id, { kind, rtpParameters }) {
        const producer = await transportOf(id).transport.produce({ kind, rtpParameters });
        return { id: producer.id };
    },

    async consume(id, { producers, headerExtensions }) {
        const { router, transport } = transportOf(id);
        const all = router.rtpCapabilities;
        const known = all.headerExtensions.filter((it) => headerExtensions.includes(it.uri));
        const rtpCapabilities = { codecs: all.codecs, headerExtensions: known };
        const consumers = [];
        for (const producerId of producers) {
            const { id, kind, rtpParameters } = await transport.consume({ producerId, rtpCapabilities, paused: false });
            consumers.push({ id, producerId, kind, rtpParameters });
        }
        return consumers;
    },
};

async function answer(request) {
    const words = request.url.split('/').slice(1);
    if (request.method === 'DELETE' && words[0] === 'people') {
        const person = Number(words[1]);
        for (const id of people.get(person) ?? []) {
            transports.get(id)?.transport.close();
            transports.delete(id);
        }
        people.delete(person);
        return {};
    }
    const what = words[2] ?? words[0];
    if (request.method !== 'POST' || !Object.hasOwn(asked, what)) throw new Error('not understood');
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    return asked[what](words[1], JSON.parse(Buffer.concat(chunks).toString()));
}

const door = createServer((request, response) => {
    answer(request).then(
        (said) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(said)),
        (error) => response.writeHead(500, { 'content-type': 'text/plain' }).end(String(error?.message ?? error)),
    );
});
door.listen(Number(port), '127.0.0.1');
