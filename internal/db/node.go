package db

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"kizuki/internal/id"
)

// A lease lasts leaseFor and is renewed every leaseEvery; ids may be made up
// to the end of the lease, which is written down before they are.
const (
	leaseFor   = 60 * time.Second
	leaseEvery = 10 * time.Second
)

// Node is a leased node number. A process holds one while it runs.
type Node struct {
	db     *DB
	number int
	owner  string
	source *id.Source
	stop   chan struct{}
	done   chan struct{}
}

// LeaseNode takes a free node number, makes it the process's id source and
// keeps renewing it until Release.
func (d *DB) LeaseNode(ctx context.Context) (*Node, error) {
	n := &Node{db: d, owner: fmt.Sprintf("%d-%d", os.Getpid(), time.Now().UnixNano()),
		stop: make(chan struct{}), done: make(chan struct{})}
	var floor, limit int64
	err := d.InTx(ctx, func(ctx context.Context, tx *Tx) error {
		var err error
		n.number, floor, err = n.pick(ctx, tx)
		if err != nil {
			return err
		}
		limit = max(time.Now().UnixMilli(), floor) + leaseFor.Milliseconds()
		_, err = Exec(ctx, tx, `INSERT INTO node (n, owner, until, high_ms) VALUES ($1, $2, $3, $4)
			ON CONFLICT (n) DO UPDATE SET owner = excluded.owner, until = excluded.until, high_ms = excluded.high_ms`,
			n.number, n.owner, limit, limit)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("leasing a node number: %w", err)
	}
	n.source = id.NewSource(n.number, floor, limit)
	id.Use(n.source)
	go n.keep()
	return n, nil
}

type held struct {
	n           int
	until, high int64
}

// pick finds a number nobody holds: one whose lease is over, else a new one.
func (n *Node) pick(ctx context.Context, tx *Tx) (number int, floor int64, err error) {
	all, err := All(ctx, tx, func(r Row) (h held, err error) {
		err = r.Scan(&h.n, &h.until, &h.high)
		return h, err
	}, "SELECT n, until, high_ms FROM node ORDER BY n")
	if err != nil {
		return 0, 0, err
	}
	now := time.Now().UnixMilli()
	next := 0
	for _, h := range all {
		if h.until < now {
			return h.n, h.high, nil
		}
		if h.n == next {
			next++
		}
	}
	if next >= id.Nodes {
		return 0, 0, errors.New("all node numbers are taken")
	}
	return next, 0, nil
}

func (n *Node) keep() {
	defer close(n.done)
	tick := time.NewTicker(leaseEvery)
	defer tick.Stop()
	for {
		select {
		case <-n.stop:
			return
		case <-tick.C:
			ctx, cancel := context.WithTimeout(context.Background(), leaseEvery)
			_ = n.renew(ctx) // a failed renewal is tried at the next tick; id.New stops at the limit
			cancel()
		}
	}
}

func (n *Node) renew(ctx context.Context) error {
	var limit int64
	err := n.db.InTx(ctx, func(ctx context.Context, tx *Tx) error {
		limit = time.Now().UnixMilli() + leaseFor.Milliseconds()
		changed, err := Exec(ctx, tx, `UPDATE node SET until = $1, high_ms = CASE WHEN high_ms < $1 THEN $1 ELSE high_ms END
			WHERE n = $2 AND owner = $3`, limit, n.number, n.owner)
		if err == nil && changed == 0 {
			err = errors.New("the node number went to another process")
		}
		return err
	})
	if err == nil {
		n.source.Extend(limit)
	}
	return err
}

// Release gives the number back with the last millisecond really used, so
// that many short commands do not drive ids into the future.
func (n *Node) Release(ctx context.Context) error {
	close(n.stop)
	<-n.done
	return n.db.InTx(ctx, func(ctx context.Context, tx *Tx) error {
		_, err := Exec(ctx, tx, "UPDATE node SET until = 0, high_ms = $1 WHERE n = $2 AND owner = $3",
			n.source.Last(), n.number, n.owner)
		return err
	})
}
