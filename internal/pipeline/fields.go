package pipeline

import (
	"fmt"
	"maps"
	"os"

	"sigmatrail/internal/record"
	"sigmatrail/rules"
)

// readFields reads the setting fields and returns the text of its file, if it names one.
func (s *Sources) readFields(setting string) ([]byte, error) {
	switch setting {
	case "", rules.BaseCloudTrail:
		return nil, nil
	case rules.BaseECS:
		s.useForm(record.ECS())
		return nil, nil
	}
	text, err := os.ReadFile(setting)
	if err != nil {
		return nil, fmt.Errorf("%q is neither cloudtrail nor ecs, nor a file that can be read: %w", setting, err)
	}
	file, err := rules.ParseFieldMappings(setting, text)
	if err != nil {
		return nil, err
	}
	s.options.Taxonomies = file.Taxonomies
	if file.MapsRecords() {
		s.useForm(mappingOf(setting, &file))
	}
	return text, nil
}

// mappingOf returns the form that a file describes: its own entries, before those of its base.
func mappingOf(name string, file *rules.FieldMappings) *record.Mapping {
	m := &record.Mapping{Name: name, Fields: make(record.Aliases)}
	if file.Base == rules.BaseECS {
		m = record.ECS()
		m.Name = name
	}
	maps.Copy(m.Fields, file.Records)
	return m
}

// useForm makes records of the form be judged too, and rules be warned of what it has lost.
func (s *Sources) useForm(m *record.Mapping) {
	s.form = m
	s.options.Form = &rules.Form{Name: m.Name, Place: func(field string) rules.Place {
		has, detached := m.Has(field)
		switch {
		case !has:
			return rules.Nowhere
		case detached:
			return rules.Detached
		case m.Sparse:
			return rules.Sparse
		}
		return rules.Whole
	}}
}
