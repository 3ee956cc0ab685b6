"""One judge on many machines: submissions wait in Redis, workers anywhere judge them.

Theory of operation
-------------------

* `tierline serve --redis` is a *replica*: it lets submissions in and tells their results. There may be many; none has anything
  that is not in Redis or in the store, so one may die at any time.
* `tierline worker` judges, with boxes of its own. There may be many; each holds a *lease* on what it judges, and renews it.
* Redis holds a hash for each *entry* (one submission) and for each *work* (the judging it waits for; equal submissions share
  one), as in the queue of one machine. Every change of either is one Lua script, so it happens whole or not at all: see `lua/`.
* RQ carries *slices*: jobs that name a few works. A slice says that there is something to take, never more: who takes works that
  somebody else has taken, or that are done, gets nothing. So slices may be lost, doubled or late without harm.
* The first result of a work counts. A worker that was thought dead and comes back with another changes nothing.
* Who notices what is lost: any process, once a second, under a lock (`sweeper`): leases that ran out, slices that were popped and
  never taken, places of submissions whose replica died. A work whose worker died too often ends as JE.
* Results are told by one publish each; a replica that lost its connection asks for all that it waits for (`news`).
* Sessions live on workers; calls on them and their answers travel through lists in Redis (`remote_sessions`, `session_host`).
* Tests travel by content hash through the *depot*, a folder or any fsspec URL, into a bounded cache on each worker's disk.

Keys in Redis, all under one prefix (`names`): `entry:ID`, `work:NAME`, `entries:NAME` (who waits for a work), `key:DIGEST` (work
that answers equal submissions), `idempotency:DIGEST`, `waiting:LINE` (entries by time), `running` (works by the end of their
lease), `slices` (by time), `deadlines`, `done` (entries by time), `problem:DIGEST`, `workers`, `languages`, `store`; channels
`news` and `orders`. Scripts make the names of some keys: not for Redis Cluster, but for one Redis or a primary with replicas.
"""
