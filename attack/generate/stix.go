package main

import (
	"cmp"
	"encoding/json"
	"fmt"
)

// object is what is of interest in a STIX object of ATT&CK, of whatever type.
type object struct {
	Type       string
	ID         string
	Name       string
	Revoked    bool
	Deprecated bool   `json:"x_mitre_deprecated"`
	Shortname  string `json:"x_mitre_shortname"`
	Version    string `json:"x_mitre_version"`
	References []struct {
		Source string `json:"source_name"`
		ID     string `json:"external_id"`
	} `json:"external_references"`
	Phases []struct {
		Chain string `json:"kill_chain_name"`
		Name  string `json:"phase_name"`
	} `json:"kill_chain_phases"`
	// Of a relationship.
	Kind   string `json:"relationship_type"`
	Source string `json:"source_ref"`
	Target string `json:"target_ref"`
	// Of a marking: the copyright.
	Definition struct{ Statement string }
}

// attackID returns the id that ATT&CK has given to the object, such as T1078.
func (o *object) attackID() string {
	for _, r := range o.References {
		if r.Source == "mitre-attack" {
			return r.ID
		}
	}
	return ""
}

// catalogue is what the bundles hold, by the ids of STIX.
type catalogue struct {
	techniques, tactics map[string]*object
	replacedBy          map[string]string
	version, copyright  string
}

func newCatalogue() *catalogue {
	return &catalogue{techniques: make(map[string]*object), tactics: make(map[string]*object), replacedBy: make(map[string]string)}
}

// add takes the objects of a bundle. What is there already is replaced: mitre/cti has every object in a bundle and in a file of its own.
func (c *catalogue) add(src []byte) error {
	var bundle struct{ Objects []*object }
	if err := json.Unmarshal(src, &bundle); err != nil {
		return err
	}
	for _, o := range bundle.Objects {
		switch {
		case o.Type == "attack-pattern" && o.attackID() != "":
			c.techniques[o.ID] = o
		case o.Type == "x-mitre-tactic" && o.attackID() != "":
			c.tactics[o.ID] = o
		case o.Type == "relationship" && o.Kind == "revoked-by":
			c.replacedBy[o.Source] = o.Target
		case o.Type == "marking-definition" && o.Definition.Statement != "":
			c.copyright = o.Definition.Statement
		case o.Type == "x-mitre-collection":
			if c.version != "" && c.version != o.Version {
				return fmt.Errorf("the version is %s, and %s in what was read before: name one bundle", o.Version, c.version)
			}
			c.version = cmp.Or(o.Version, c.version)
		}
	}
	return nil
}

// replacement returns the id of the technique that has replaced a revoked one in the end, or "" where there is none.
func (c *catalogue) replacement(o *object) string {
	for range len(c.replacedBy) {
		next, ok := c.techniques[c.replacedBy[o.ID]]
		switch {
		case !ok:
			return ""
		case !next.Revoked:
			return next.attackID()
		}
		o = next
	}
	return ""
}
