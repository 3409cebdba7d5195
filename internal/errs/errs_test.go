package errs_test

import (
	"errors"
	"fmt"
	"testing"

	"kizuki/internal/errs"
)

func TestAsTurnsForeignErrorsInternal(t *testing.T) {
	cause := errors.New("disk on fire")
	e := errs.As(cause)
	if e.Code != errs.Internal || !errors.Is(e, cause) {
		t.Fatalf("got %v", e)
	}
}

func TestAsFindsAWrappedOne(t *testing.T) {
	err := fmt.Errorf("saving: %w", errs.Field("name", "err.required"))
	if got := errs.As(err); got.Field != "name" || got.Code != errs.Invalid {
		t.Fatalf("got %v", got)
	}
	if !errs.Is(err, errs.Invalid) || errs.Is(nil, errs.Invalid) {
		t.Fatal("Is is wrong")
	}
}

func TestJoin(t *testing.T) {
	if errs.Join(nil, nil) != nil {
		t.Fatal("no errors must join to nil")
	}
	one := errs.Field("a", "x")
	if errs.Join(nil, one) != error(one) {
		t.Fatal("one error stays itself")
	}
	two := errs.As(errs.Join(one, errs.Field("b", "y")))
	if len(two.Fields) != 2 || two.Args["Count"] != 2 {
		t.Fatalf("got %v", two)
	}
}

func TestWithLeavesTheOriginalAlone(t *testing.T) {
	base := errs.New(errs.Conflict, "k", "Name", "x")
	if base.With(errors.New("why")); base.Err != nil {
		t.Fatal("the shared error was changed")
	}
}
