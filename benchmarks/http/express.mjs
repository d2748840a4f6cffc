// The handler of Vapi's documentation ("Assistant Request", Express 5), without its line of logging, which would cost it.
import express from 'express';

const SECRET = process.env.VAPI_WEBHOOK_SECRET;
const ASSISTANT_ID = 'a0000000-0000-4000-8000-000000000001';

const app = express();
app.use(express.json({ limit: '1mb' }));
app.post('/vapi/webhook', (req, res) => {
  if (SECRET && req.headers['x-vapi-secret'] !== SECRET) {
    return res.status(401).json({ error: 'Unauthorized' });
  }
  res.json({ assistantId: ASSISTANT_ID });
});
app.listen(Number(process.env.PORT), '127.0.0.1');
