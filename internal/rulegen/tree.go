package rulegen

import (
	"slices"
	"strings"
)

// object is a map of a record before it is encoded. Its keys need be neither texts nor different.
type object struct{ members []member }

// member is one key, a text or any other value, and its value: nil, bool, int64, uint64, float64, float32, string, binaryText, raw, []any or
// *object.
type member struct{ key, value any }

// binaryText is a text that is written as msgpack's bin.
type binaryText string

// raw is msgpack that is written as it is.
type raw []byte

// find returns the index of the first member with the key, or -1.
func (o *object) find(key string) int {
	return slices.IndexFunc(o.members, func(m member) bool { return m.key == any(key) })
}

// set adds a member, or gives the first one with the key another value.
func (o *object) set(key string, value any) {
	if i := o.find(key); i >= 0 {
		o.members[i].value = value
		return
	}
	o.members = append(o.members, member{key, value})
}

// child returns the object under key, or nil.
func (o *object) child(key string) *object {
	if i := o.find(key); i >= 0 {
		inner, _ := o.members[i].value.(*object)
		return inner
	}
	return nil
}

// put adds value at a path of keys. Some keys stand together with dots between them; an object on the way may be new, or stand in an array,
// as it always does under a key that is called list or items. Where something else stands on the way, a duplicate of its key is made.
func (o *object) put(c choices, path []string, value any) {
	n := 1
	if len(path) > 1 && c.percent(8) {
		n = c.between(2, len(path))
	}
	key, rest := strings.Join(path[:n], "."), path[n:]
	if len(rest) == 0 {
		o.members = append(o.members, member{key, value})
		return
	}
	if i := o.find(key); i >= 0 && !c.percent(3) {
		if inner := within(c, o.members[i].value); inner != nil {
			inner.put(c, rest, value)
			return
		}
	}
	inner := &object{}
	inner.put(c, rest, value)
	o.members = append(o.members, member{key, wrapped(c, key, inner)})
}

// within returns the object that v is, or one of those in an array.
func within(c choices, v any) *object {
	switch v := v.(type) {
	case *object:
		return v
	case []any:
		if len(v) > 0 {
			return within(c, pick(c, v))
		}
	}
	return nil
}

// wrapped puts an object into an array, where records have arrays and now and then anywhere.
func wrapped(c choices, key string, inner *object) any {
	listed := key == "list" || key == "items" || key == "ipPermissions"
	if listed == c.percent(8) {
		return inner
	}
	list := make([]any, 0, 3)
	for range c.next(3) {
		list = append(list, &object{})
	}
	list = append(list, inner)
	shuffle(c, list)
	return list
}

// clone copies the tree below o.
func (o *object) clone() *object {
	inner := &object{members: slices.Clone(o.members)}
	for i, m := range inner.members {
		inner.members[i].value = cloneValue(m.value)
	}
	return inner
}

func cloneValue(v any) any {
	switch v := v.(type) {
	case *object:
		return v.clone()
	case []any:
		list := slices.Clone(v)
		for i := range list {
			list[i] = cloneValue(list[i])
		}
		return list
	}
	return v
}

// objects appends o and every object below it.
func (o *object) objects(list []*object) []*object {
	list = append(list, o)
	for _, m := range o.members {
		list = objectsIn(list, m.value)
	}
	return list
}

func objectsIn(list []*object, v any) []*object {
	switch v := v.(type) {
	case *object:
		return v.objects(list)
	case []any:
		for _, e := range v {
			list = objectsIn(list, e)
		}
	}
	return list
}
