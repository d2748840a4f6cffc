// The same with Fastify and nothing else: no secret is asked for.
import Fastify from 'fastify';

const app = Fastify();
app.post('/vapi/webhook', () => ({ assistantId: 'a0000000-0000-4000-8000-000000000001' }));
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
